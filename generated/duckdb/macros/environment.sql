{#-
    What stands before every schema: the prefix of a throw-away environment, as of a pull request; that of the target, so that environments
    can share a database; and on a target `per_developer` the name of who builds.
-#}
{% macro environment_prefix() -%}
    {%- set developer = developer_name() ~ '_' if target.name in var('per_developer', []) else '' -%}
    {{ return(env_var('WHGEN_SCHEMA_PREFIX', '') ~ var('schema_prefixes', {}).get(target.name, '') ~ developer) }}
{%- endmacro %}

{#- `CORP\Ada.Lovelace` becomes `ada_lovelace`. Letters that ASCII lacks are refused: two names must not become one. -#}
{% macro developer_name() -%}
    {%- set given = env_var('WHGEN_DEV_SCHEMA', env_var('USER', env_var('USERNAME', ''))) -%}
    {%- set plain = given.split('\\')[-1].split('@')[0] | lower -%}
    {%- set name = modules.re.sub('[^a-z0-9]+', '_', plain).strip('_') -%}
    {%- if not name or modules.re.search('[^ -~]', given) -%}
        {{ exceptions.raise_compiler_error("`" ~ given ~ "` is no name for schemas: set WHGEN_DEV_SCHEMA to one of a-z, 0-9 and _") }}
    {%- endif -%}
    {{ return(name if modules.re.match('[a-z]', name) else 'dev_' ~ name) }}
{%- endmacro %}
