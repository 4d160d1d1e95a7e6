CREATE TABLE "api_log_tallies" (
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "api_log_tallies_merchant_id_mode_pk" PRIMARY KEY("merchant_id","mode")
);
--> statement-breakpoint
ALTER TABLE "api_log_tallies" SET (fillfactor = 50);--> statement-breakpoint
-- Counts logs in the statement that adds or deletes them (db/schema/api-logs.ts). Rows are taken in one order: two writers wait, and
-- never for each other.
create function tally_api_logs() returns trigger language plpgsql as $$
begin
  insert into api_log_tallies (merchant_id, mode, count)
  select merchant_id, mode, case tg_op when 'INSERT' then count(*) else -count(*) end
  from changed group by merchant_id, mode order by merchant_id, mode
  on conflict (merchant_id, mode) do update set count = api_log_tallies.count + excluded.count;
  return null;
end $$;
--> statement-breakpoint
create trigger api_logs_tally_insert after insert on api_logs
  referencing new table as changed for each statement execute function tally_api_logs();
--> statement-breakpoint
create trigger api_logs_tally_delete after delete on api_logs
  referencing old table as changed for each statement execute function tally_api_logs();
--> statement-breakpoint
insert into api_log_tallies (merchant_id, mode, count)
select merchant_id, mode, count(*) from api_logs group by merchant_id, mode;
