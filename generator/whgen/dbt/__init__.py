"""The one door to dbt: runs it in this process, and says what happened in whgen's own words."""
