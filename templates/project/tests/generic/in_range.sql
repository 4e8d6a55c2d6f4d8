{#- Fails for each value outside the bounds that are given. Missing values pass. -#}
{% test in_range(model, column_name, at_least=none, at_most=none, above=none) %}

SELECT {{ column_name }}
FROM {{ model }}
WHERE
    FALSE
    {%- if at_least is not none %}
    OR {{ column_name }} < {{ at_least }}
    {%- endif %}
    {%- if at_most is not none %}
    OR {{ column_name }} > {{ at_most }}
    {%- endif %}
    {%- if above is not none %}
    OR {{ column_name }} <= {{ above }}
    {%- endif %}

{% endtest %}
