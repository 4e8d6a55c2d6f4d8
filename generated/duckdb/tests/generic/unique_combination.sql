{#- Fails for each combination of values in `columns` that occurs in more than one row. -#}
{% test unique_combination(model, columns) %}

SELECT
    {{ columns | join(',\n    ') }},
    COUNT(*) AS occurrences
FROM {{ model }}
GROUP BY {{ columns | join(', ') }}
HAVING COUNT(*) > 1

{% endtest %}
