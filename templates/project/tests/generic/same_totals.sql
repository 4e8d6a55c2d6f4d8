{#-
    Fails when a measure does not add up to the same, over all rows, as in the fact that this one is made of. Of `rounded` measures, sums
    depend on the order of their rows and may differ by a billionth.
-#}
{% test same_totals(model, compare_to, totals, rounded=[]) %}

WITH here AS (

    SELECT
{%- for total in totals %}
        COALESCE({{ total.here }}, 0) AS {{ total.measure }}_here{{ "," if not loop.last }}
{%- endfor %}
    FROM {{ model }}

),

there AS (

    SELECT
{%- for total in totals %}
        COALESCE({{ total.there }}, 0) AS {{ total.measure }}_there{{ "," if not loop.last }}
{%- endfor %}
    FROM {{ compare_to }}

)

SELECT *
FROM here
CROSS JOIN there
WHERE
{%- for total in totals %}
{%- if total.measure in rounded %}
    {{ "OR " if not loop.first }}ABS({{ total.measure }}_here - {{ total.measure }}_there)
        > 0.000000001 * (ABS({{ total.measure }}_here) + ABS({{ total.measure }}_there))
{%- else %}
    {{ "OR " if not loop.first }}{{ total.measure }}_here <> {{ total.measure }}_there
{%- endif %}
{%- endfor %}

{% endtest %}
