{#-
    Layers get the schemas that the specs give them: `staging`, not `main_staging`. What stands before them depends on where and by whom
    the project is built, and on nothing in it.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else environment_prefix() ~ (custom_schema_name | trim) }}
{%- endmacro %}
