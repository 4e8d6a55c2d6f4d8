{#-
    Fails when the model has not exactly as many rows as the one that it is made of. `since` is an aggregate over the model: where it is
    given, only rows whose `since_column` is not before it are counted, on both sides.
-#}
{% test same_row_count(model, compare_to, where=none, compare_where=none, since_column=none, since=none) %}
{%- set bound = since_column ~ " >= (SELECT " ~ since ~ " FROM " ~ model ~ ")" if since -%}
{%- set here = ("(" ~ where ~ ") AND " if where else "") ~ "(" ~ bound ~ ") IS NOT FALSE" if bound else where -%}
{%- set there = ("(" ~ compare_where ~ ") AND " if compare_where else "") ~ "(" ~ bound ~ ") IS NOT FALSE" if bound else compare_where %}

WITH counted AS (

    SELECT
        (SELECT COUNT(*) FROM {{ model }}{% if here %} WHERE {{ here }}{% endif %}) AS rows_here,
        (SELECT COUNT(*) FROM {{ compare_to }}{% if there %} WHERE {{ there }}{% endif %}) AS rows_expected

)

SELECT
    rows_here,
    rows_expected
FROM counted
WHERE rows_here <> rows_expected

{% endtest %}
