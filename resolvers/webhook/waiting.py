"""Finding the endpoints to which something waits, whatever else there is."""

# For `with recursive`: it goes from endpoint to endpoint in the index of what waits, so that neither all endpoints nor
# all that waits are read. Who needs only some reads only these, by a limit.
WAITING = """
waiting as (
  (select workspace_id, endpoint_id from webhook_delivery where due_at is not null
    order by workspace_id, endpoint_id limit 1)
  union all
  select n.* from waiting w cross join lateral (
    select d.workspace_id, d.endpoint_id from webhook_delivery d
     where d.due_at is not null and (d.workspace_id, d.endpoint_id) > (w.workspace_id, w.endpoint_id)
     order by d.workspace_id, d.endpoint_id limit 1) n)
"""
