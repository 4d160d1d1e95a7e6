-- Hours are UTC's, whatever zone the server is set to: some begin at half past.
create or replace function record_invoice_tally() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    insert into invoice_tally_changes (merchant_id, mode, network, status, hour, count, volume)
    values (old.merchant_id, old.mode, old.network, old.status, date_trunc('hour', old.created_at, 'UTC'), -1, -old.amount);
  end if;
  insert into invoice_tally_changes (merchant_id, mode, network, status, hour, count, volume)
  values (new.merchant_id, new.mode, new.network, new.status, date_trunc('hour', new.created_at, 'UTC'), 1, new.amount);
  return null;
end $$;
