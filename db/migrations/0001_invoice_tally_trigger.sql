-- Counts every invoice under its status, in the transaction that changes it (db/schema/invoice-tallies.ts).
create function record_invoice_tally() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    insert into invoice_tally_changes (merchant_id, mode, network, status, hour, count, volume)
    values (old.merchant_id, old.mode, old.network, old.status, date_trunc('hour', old.created_at), -1, -old.amount);
  end if;
  insert into invoice_tally_changes (merchant_id, mode, network, status, hour, count, volume)
  values (new.merchant_id, new.mode, new.network, new.status, date_trunc('hour', new.created_at), 1, new.amount);
  return null;
end $$;
--> statement-breakpoint
create trigger invoices_tally_insert after insert on invoices
  for each row execute function record_invoice_tally();
--> statement-breakpoint
create trigger invoices_tally_status after update of status on invoices
  for each row when (old.status is distinct from new.status) execute function record_invoice_tally();
