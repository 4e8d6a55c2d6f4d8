{#-
    Layers get the schemas that the specs give them, in every environment alike: `staging`, not `main_staging`.
    A target may put a prefix before them, so that environments can share a database.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set prefix = env_var('WHGEN_SCHEMA_PREFIX', var('schema_prefixes', {}).get(target.name, '')) -%}
    {{ target.schema if custom_schema_name is none else prefix ~ (custom_schema_name | trim) }}
{%- endmacro %}
