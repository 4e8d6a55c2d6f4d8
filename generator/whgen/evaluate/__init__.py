"""What specs mean, computed in Python row by row. Shares no code with what makes SQL of them, so that each can prove the other."""
