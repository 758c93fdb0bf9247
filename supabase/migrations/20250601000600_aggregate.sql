-- Figures over groups of rows. PostgREST's own aggregate functions are off in Supabase, because anybody could ask for
-- costly ones; this function allows five of them, over one relation of schema api, with simple filters.
--
-- It runs as the caller, so row-level security applies. Names are checked against the catalog before they become part
-- of the statement, and values are literals without a type, so that they take the column's and indexes apply.
--
-- query: {
--   "table": "invoices",
--   "conditions": [{"all": <filter>} | {"any": [<filter>, …]}, …],
--   "group_by": [{"column": "issue_date", "unit": "day|week|month|quarter|year" or null}, …],
--   "measures": [{"function": "count|sum|avg|min|max", "column": "total_amount", "name": "total"}, …],
--   "limit": 100
-- }
-- filter: {"column", "operator": "eq|neq|lt|lte|gt|gte|like|ilike|one_of|is_null|contains", "value", "negate"}
--
-- Returns an array of objects, one per group, in the order of the keys: each key under its column's name, each figure
-- under its own. Bad input raises 22023 (invalid_parameter_value), a value that doesn't fit the column's type whatever
-- its type raises.

create function api.aggregate(query jsonb) returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  identifier constant text := '^[a-z_][a-z0-9_]{0,62}$';
  relation regclass;
  -- The relation's columns: {"name": {"category": "N", "type": "numeric"}}.
  columns jsonb;
  names text[] := '{}';
  keys text[] := '{}';
  figures text[] := '{}';
  requirements text[] := '{}';
  alternatives text[];
  condition jsonb;
  filter jsonb;
  key jsonb;
  measure jsonb;
  operator text;
  operand jsonb;
  operand_text text;
  name text;
  category text;
  comparison text;
  statement text;
  result jsonb;
begin
  if jsonb_typeof(query) is distinct from 'object' then
    raise exception 'the query must be an object' using errcode = '22023';
  end if;
  select string_agg(quote_ident(k), ', ') into name from jsonb_object_keys(query) as k
  where k not in ('table', 'conditions', 'group_by', 'measures', 'limit');
  if name is not null then
    raise exception 'the query has unknown members: %', left(name, 100) using errcode = '22023';
  end if;

  -- The relation and its columns.
  name := query ->> 'table';
  if jsonb_typeof(query -> 'table') is distinct from 'string' or name !~ identifier then
    raise exception 'table must be the name of a table or view' using errcode = '22023';
  end if;
  select c.oid into relation from pg_catalog.pg_class as c
  where c.relnamespace = 'api'::regnamespace and c.relname = name and c.relkind in ('r', 'p', 'v', 'm');
  if relation is null then
    raise exception 'there is no table or view "%"', name using errcode = '22023';
  end if;
  select jsonb_object_agg(a.attname, jsonb_build_object('category', t.typcategory, 'type', t.typname)) into columns
  from pg_catalog.pg_attribute as a join pg_catalog.pg_type as t on t.oid = a.atttypid
  where a.attrelid = relation and a.attnum > 0 and not a.attisdropped;

  -- Shapes and numbers of the lists.
  if jsonb_typeof(coalesce(query -> 'conditions', '[]')) <> 'array'
    or jsonb_array_length(coalesce(query -> 'conditions', '[]')) > 64 then
    raise exception 'conditions must be an array of at most 64' using errcode = '22023';
  end if;
  if jsonb_typeof(coalesce(query -> 'group_by', '[]')) <> 'array'
    or jsonb_array_length(coalesce(query -> 'group_by', '[]')) > 4 then
    raise exception 'group_by must be an array of at most 4' using errcode = '22023';
  end if;
  if jsonb_typeof(query -> 'measures') is distinct from 'array'
    or jsonb_array_length(query -> 'measures') not between 1 and 16 then
    raise exception 'measures must be an array of 1 to 16' using errcode = '22023';
  end if;
  if jsonb_typeof(query -> 'limit') is distinct from 'number' or (query ->> 'limit')::numeric < 1
    or (query ->> 'limit')::numeric % 1 <> 0 then
    raise exception 'limit must be a whole number from 1' using errcode = '22023';
  end if;

  for condition in select * from jsonb_array_elements(query -> 'conditions') loop
    if jsonb_typeof(condition) <> 'object' or (select count(*) from jsonb_object_keys(condition)) <> 1
      or not (condition ?| array['all', 'any']) then
      raise exception 'a condition has either "all" or "any"' using errcode = '22023';
    end if;
    if condition ? 'all' then
      condition := jsonb_build_object('any', jsonb_build_array(condition -> 'all'));
    end if;
    if jsonb_typeof(condition -> 'any') <> 'array' or jsonb_array_length(condition -> 'any') not between 1 and 16 then
      raise exception '"any" must be an array of 1 to 16 filters' using errcode = '22023';
    end if;

    alternatives := '{}';
    for filter in select * from jsonb_array_elements(condition -> 'any') loop
      if jsonb_typeof(filter) <> 'object'
        or jsonb_typeof(coalesce(filter -> 'negate', 'false')) <> 'boolean'
        or filter - array['column', 'operator', 'value', 'negate'] <> '{}' then
        raise exception 'a filter has column, operator, value and negate' using errcode = '22023';
      end if;
      name := filter ->> 'column';
      if name is null or name !~ identifier or not columns ? name then
        raise exception 'there is no column "%" to filter by', left(name, 63) using errcode = '22023';
      end if;
      category := columns -> name ->> 'category';
      operator := filter ->> 'operator';
      operand := filter -> 'value';
      operand_text := operand #>> '{}';

      if operator = 'is_null' then
        if operand_text is not null then
          raise exception 'is_null on column "%" takes null as its value', name using errcode = '22023';
        end if;
        comparison := format('%I is null', name);
      elsif operand_text is null then
        raise exception 'the filter on column "%" has no value; is_null tests for null', name using errcode = '22023';
      elsif operator in ('eq', 'neq', 'lt', 'lte', 'gt', 'gte') then
        if jsonb_typeof(operand) in ('array', 'object') then
          raise exception 'operator % on column "%" takes a single value', operator, name using errcode = '22023';
        end if;
        comparison := format(
          '%I %s %L', name,
          case operator when 'eq' then '=' when 'neq' then '<>' when 'lt' then '<' when 'lte' then '<='
            when 'gt' then '>' else '>=' end,
          operand_text);
      elsif operator in ('like', 'ilike') then
        if category <> 'S' or jsonb_typeof(operand) <> 'string' then
          raise exception 'operator % on column "%" compares text with a pattern', operator, name using errcode = '22023';
        end if;
        operand_text := replace(replace(replace(operand_text, '\', '\\'), '%', '\%'), '_', '\_');
        comparison := format('%I %s %L', name, operator, replace(operand_text, '*', '%'));
      elsif operator = 'one_of' then
        if category = 'A' or jsonb_typeof(operand) <> 'array' or jsonb_array_length(operand) not between 1 and 200
          or jsonb_path_exists(operand, 'strict $[*] ? (@ == null || @.type() == "array" || @.type() == "object")') then
          raise exception 'one_of on column "%" takes an array of 1 to 200 single values', name using errcode = '22023';
        end if;
        select format('%I = any (%L)', name, array_agg(v)::text) into comparison
        from jsonb_array_elements_text(operand) as v;
      elsif operator = 'contains' then
        if category = 'A' and jsonb_typeof(operand) = 'array' then
          select format('%I @> %L', name, coalesce(array_agg(v), '{}')::text) into comparison
          from jsonb_array_elements_text(operand) as v;
        elsif columns -> name ->> 'type' = 'jsonb' then
          comparison := format('%I @> %L', name, operand::text);
        else
          raise exception 'contains on column "%" needs an array column and an array, or a jsonb column', name
            using errcode = '22023';
        end if;
      else
        raise exception 'there is no operator "%"', left(operator, 63) using errcode = '22023';
      end if;

      alternatives := alternatives
        || case when (filter ->> 'negate')::boolean then format('not (%s)', comparison) else comparison end;
    end loop;
    requirements := requirements || format('(%s)', array_to_string(alternatives, ' or '));
  end loop;

  names := '{}';
  for key in select * from jsonb_array_elements(query -> 'group_by') loop
    name := key ->> 'column';
    if name is null or name !~ identifier or not columns ? name then
      raise exception 'there is no column "%" to group by', left(name, 63) using errcode = '22023';
    end if;
    if key ->> 'unit' is null then
      if columns -> name ->> 'type' = 'json' then
        raise exception 'column "%" can''t be grouped by', name using errcode = '22023';
      end if;
      keys := keys || format('%I', name);
    elsif key ->> 'unit' not in ('day', 'week', 'month', 'quarter', 'year') then
      raise exception 'there is no calendar unit "%"', left(key ->> 'unit', 63) using errcode = '22023';
    elsif columns -> name ->> 'type' not in ('date', 'timestamp', 'timestamptz') then
      raise exception 'column "%" holds no date, so it has no %', name, key ->> 'unit' using errcode = '22023';
    else
      keys := keys || format('date_trunc(%L, %I::timestamp)::date as %I', key ->> 'unit', name, name);
    end if;
    names := names || name;
  end loop;

  for measure in select * from jsonb_array_elements(query -> 'measures') loop
    if jsonb_typeof(measure) <> 'object' or measure ->> 'name' is null or measure ->> 'name' !~ identifier then
      raise exception 'a measure needs a name of lower-case letters, digits and underscores' using errcode = '22023';
    end if;
    names := names || (measure ->> 'name');
    name := measure ->> 'column';
    operator := measure ->> 'function';
    if name is not null and (name !~ identifier or not columns ? name) then
      raise exception 'there is no column "%" to compute over', left(name, 63) using errcode = '22023';
    end if;
    category := columns -> name ->> 'category';
    if operator is null or operator not in ('count', 'sum', 'avg', 'min', 'max') then
      raise exception 'there is no function "%"', left(operator, 63) using errcode = '22023';
    elsif name is null and operator <> 'count' then
      raise exception 'function % needs a column', operator using errcode = '22023';
    elsif operator in ('sum', 'avg') and category <> 'N' or operator in ('min', 'max') and category not in ('N', 'S', 'D') then
      raise exception 'function % doesn''t apply to column "%"', operator, name using errcode = '22023';
    end if;
    figures := figures
      || format('%s(%s) as %I', operator, coalesce(quote_ident(name), '*'), measure ->> 'name');
  end loop;

  select n into name from unnest(names) as n group by n having count(*) > 1 limit 1;
  if name is not null then
    raise exception 'two keys or measures are called "%"', name using errcode = '22023';
  end if;

  select string_agg(i::text, ', ') into name from generate_series(1, cardinality(keys)) as i;
  statement := format('select %s from %s', array_to_string(keys || figures, ', '), relation);
  if cardinality(requirements) > 0 then
    statement := statement || ' where ' || array_to_string(requirements, ' and ');
  end if;
  if cardinality(keys) > 0 then
    statement := statement || format(' group by %s order by %s', name, name);
  end if;
  -- Never more groups than PostgREST returns rows.
  statement := statement || format(' limit %s', least((query ->> 'limit')::numeric, 1000));

  execute format('select coalesce(jsonb_agg(to_jsonb(figure)), ''[]'') from (%s) as figure', statement) into result;
  return result;
end;
$$;

comment on function api.aggregate(jsonb) is 'Counts, sums, averages and extremes over groups of the caller''s rows.';

revoke all on function api.aggregate(jsonb) from public, anon;
grant execute on function api.aggregate(jsonb) to authenticated;
