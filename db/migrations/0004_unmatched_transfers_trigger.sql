-- Keeps the list of transfers that pay nothing (db/schema/unmatched-transfers.ts), a statement at a time.
create function list_unmatched_transfers() returns trigger language plpgsql as $$
begin
  insert into unmatched_transfers (transfer_id, merchant_id, mode)
  select added.id, wallets.merchant_id, added.mode
  from added join wallets on wallets.network = added.network and wallets.address_key = added.to_address_key
  where added.merchant_id is null or added.merchant_id = wallets.merchant_id
  on conflict do nothing;
  return null;
end $$;
--> statement-breakpoint
create trigger transfers_unmatched after insert on transfers
  referencing new table as added for each statement execute function list_unmatched_transfers();
--> statement-breakpoint
create function unlist_paying_transfers() returns trigger language plpgsql as $$
begin
  delete from unmatched_transfers using added
  where unmatched_transfers.transfer_id = added.transfer_id and unmatched_transfers.merchant_id = added.merchant_id;
  return null;
end $$;
--> statement-breakpoint
create trigger payments_unlist after insert on payments
  referencing new table as added for each statement execute function unlist_paying_transfers();
--> statement-breakpoint
create function relist_unpaying_transfers() returns trigger language plpgsql as $$
begin
  insert into unmatched_transfers (transfer_id, merchant_id, mode)
  select removed.transfer_id, removed.merchant_id, transfers.mode
  from removed join transfers on transfers.id = removed.transfer_id
  on conflict do nothing;
  return null;
end $$;
--> statement-breakpoint
create trigger payments_relist after delete on payments
  referencing old table as removed for each statement execute function relist_unpaying_transfers();
--> statement-breakpoint
insert into unmatched_transfers (transfer_id, merchant_id, mode)
select transfers.id, wallets.merchant_id, transfers.mode
from transfers join wallets on wallets.network = transfers.network and wallets.address_key = transfers.to_address_key
where (transfers.merchant_id is null or transfers.merchant_id = wallets.merchant_id)
  and not exists (
    select 1 from payments where payments.transfer_id = transfers.id and payments.merchant_id = wallets.merchant_id
  )
on conflict do nothing;
