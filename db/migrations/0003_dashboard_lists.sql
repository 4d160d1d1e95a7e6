CREATE TABLE "unmatched_transfers" (
	"transfer_id" uuid NOT NULL,
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	CONSTRAINT "unmatched_transfers_transfer_id_merchant_id_pk" PRIMARY KEY("transfer_id","merchant_id")
);
--> statement-breakpoint
DROP INDEX "transfers_by_recipient";--> statement-breakpoint
ALTER TABLE "invoices" ALTER COLUMN "reference" SET DATA TYPE text collate "C";--> statement-breakpoint
ALTER TABLE "unmatched_transfers" ADD CONSTRAINT "unmatched_transfers_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "unmatched_transfers_list" ON "unmatched_transfers" USING btree ("merchant_id","mode","transfer_id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "audit_log_by_target" ON "audit_log" USING btree ("target");--> statement-breakpoint
CREATE INDEX "transfers_by_sender" ON "transfers" USING btree ("from_address");--> statement-breakpoint
CREATE INDEX "deliveries_not_delivered" ON "deliveries" USING btree ("merchant_id","mode","status","created_at" DESC NULLS FIRST) WHERE "deliveries"."status" <> 'delivered';--> statement-breakpoint
CREATE INDEX "transfers_by_recipient" ON "transfers" USING btree ("mode","network","to_address_key","block_time" DESC NULLS FIRST,"id" DESC NULLS FIRST);