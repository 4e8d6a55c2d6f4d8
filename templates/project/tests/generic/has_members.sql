{#- Fails for each special member that the dimension lacks. -#}
{% test has_members(model, column_name, members) %}

WITH expected AS (

    {%- for member in members %}
    SELECT {{ "'" ~ member ~ "'" if member is string else member }} AS member
    {%- if not loop.last %}
    UNION ALL
    {%- endif %}
    {%- endfor %}

),

dimension AS (

    SELECT * FROM {{ model }}

)

SELECT expected.member
FROM expected
LEFT JOIN dimension
    ON expected.member = dimension.{{ column_name }}
WHERE dimension.{{ column_name }} IS NULL

{% endtest %}
