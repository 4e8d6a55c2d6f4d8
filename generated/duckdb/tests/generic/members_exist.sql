{#-
    Fails for each member that a fact points to and the dimension lacks. It says by the business key, as the model that the fact is made
    of has it, which member that is: `key` is the member's key made of the columns of `base`, `business_key` are these columns.
-#}
{% test members_exist(model, column_name, to, field, base, key, business_key) %}

{{ config(fail_calc="COALESCE(SUM(_fact_rows), 0)") }}

WITH facts AS (

    SELECT * FROM {{ model }}

),

not_found AS (

    SELECT
        facts.{{ column_name }} AS _member_key,
        COUNT(*) AS _fact_rows
    FROM facts
    LEFT JOIN {{ to }} AS members
        ON facts.{{ column_name }} = members.{{ field }}
    WHERE facts.{{ column_name }} IS NOT NULL AND members.{{ field }} IS NULL
    GROUP BY facts.{{ column_name }}

),

business_keys AS (

    SELECT DISTINCT
        {{ key }} AS _member_key,
        {{ business_key | join(",\n        ") }}
    FROM {{ base }}

)

SELECT
    {%- for column in business_key %}
    business_keys.{{ column }},
    {%- endfor %}
    not_found._fact_rows,
    not_found._member_key
FROM not_found
LEFT JOIN business_keys
    ON not_found._member_key = business_keys._member_key

{% endtest %}
