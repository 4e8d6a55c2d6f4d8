{#-
    Fails for each group of rows whose weights do not sum to 1, or of which one is missing or negative. What is lost when thirds are
    written with four digits is let pass.
-#}
{% test weights_sum_to_one(model, columns, weight) %}

SELECT
    {{ columns | join(',\n    ') }},
    SUM({{ weight }}) AS weights
FROM {{ model }}
GROUP BY {{ columns | join(', ') }}
HAVING
    SUM({{ weight }}) IS NULL
    OR ABS(SUM({{ weight }}) - 1) > 0.001
    OR COUNT({{ weight }}) < COUNT(*)
    OR MIN({{ weight }}) < 0

{% endtest %}
