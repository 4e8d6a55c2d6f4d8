{#-
    Fails for each combination of `keys` that lacks one of the periods from its first row, or with `first_of_all` from the first of all
    rows, to the last of all rows. `period` makes the key of a period, `day` in the model, of the columns of the calendar.
-#}
{% test is_dense(model, keys, day, calendar, period, first_of_all=false) %}

WITH dated AS (

    SELECT * FROM {{ model }}
    WHERE {{ day }} > 0

),

bounds AS (

    SELECT
        MIN({{ day }}) AS first_period,
        MAX({{ day }}) AS last_period
    FROM dated

),

periods AS (

    SELECT DISTINCT {{ period }} AS period_key
    FROM {{ calendar }}
    WHERE calendar_date IS NOT NULL

),

numbered AS (

    SELECT
        period_key,
        ROW_NUMBER() OVER (ORDER BY period_key) AS period_number
    FROM periods

),

found AS (

    SELECT
{%- for key in keys %}
        {{ key }},
{%- endfor %}
        MIN({{ day }}) AS first_found,
        MAX({{ day }}) AS last_found,
        COUNT(*) AS found_periods
    FROM dated
{%- if keys %}
    GROUP BY
        {{ keys | join(',\n        ') }}
{%- endif %}

)

SELECT found.*
FROM found
CROSS JOIN bounds
INNER JOIN numbered AS first_numbered
    ON found.first_found = first_numbered.period_key
INNER JOIN numbered AS last_numbered
    ON found.last_found = last_numbered.period_key
WHERE
    found.found_periods <> last_numbered.period_number - first_numbered.period_number + 1
    OR found.last_found <> bounds.last_period
{%- if first_of_all %}
    OR found.first_found <> bounds.first_period
{%- endif %}

{% endtest %}
