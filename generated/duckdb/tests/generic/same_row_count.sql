{#- Fails when the model has not exactly as many rows as the one that it is made of. -#}
{% test same_row_count(model, compare_to, where=none, compare_where=none) %}

WITH counted AS (

    SELECT
        (SELECT COUNT(*) FROM {{ model }}{% if where %} WHERE {{ where }}{% endif %}) AS rows_here,
        (SELECT COUNT(*) FROM {{ compare_to }}{% if compare_where %} WHERE {{ compare_where }}{% endif %}) AS rows_expected

)

SELECT
    rows_here,
    rows_expected
FROM counted
WHERE rows_here <> rows_expected

{% endtest %}
