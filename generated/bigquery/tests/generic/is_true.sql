{#- Fails for each row for which the condition is not true; a condition that cannot be decided fails too. -#}
{% test is_true(model, condition, column_name=none) %}

SELECT *
FROM {{ model }}
WHERE NOT COALESCE(({{ condition }}), FALSE)

{% endtest %}
