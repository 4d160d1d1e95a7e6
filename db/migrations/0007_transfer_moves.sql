-- A transfer that is included again may go to somebody else: a contract can decide by the block. The list of transfers that pay
-- nothing (db/schema/unmatched-transfers.ts) follows it.
create function relist_moved_transfer() returns trigger language plpgsql as $$
begin
  delete from unmatched_transfers where transfer_id = new.id;
  insert into unmatched_transfers (transfer_id, merchant_id, mode)
  select new.id, wallets.merchant_id, new.mode
  from wallets
  where wallets.network = new.network and wallets.address_key = new.to_address_key
    and (new.merchant_id is null or new.merchant_id = wallets.merchant_id)
    and not exists (
      select 1 from payments where payments.transfer_id = new.id and payments.merchant_id = wallets.merchant_id
    );
  return null;
end $$;
--> statement-breakpoint
create trigger transfers_moved after update on transfers
  for each row when (old.to_address_key is distinct from new.to_address_key) execute function relist_moved_transfer();
