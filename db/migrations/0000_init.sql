CREATE TABLE "amount_slots" (
	"wallet_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"amount" bigint NOT NULL,
	"held_until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "amount_slots_wallet_id_mode_amount_pk" PRIMARY KEY("wallet_id","mode","amount"),
	CONSTRAINT "amount_slots_positive" CHECK ("amount_slots"."amount" > 0)
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone,
	CONSTRAINT "api_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "api_logs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"request_id" text NOT NULL,
	"method" text NOT NULL,
	"path" text NOT NULL,
	"status_code" integer NOT NULL,
	"duration_ms" integer NOT NULL,
	"ip" text,
	"user_agent" text,
	"request_body" text,
	"response_body" text,
	"error_code" text,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_log" (
	"id" uuid PRIMARY KEY NOT NULL,
	"merchant_id" uuid NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"target" text,
	"data" jsonb,
	"ip" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "blocks" (
	"network" text NOT NULL,
	"number" bigint NOT NULL,
	"hash" text NOT NULL,
	"parent_hash" text NOT NULL,
	"time" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "blocks_network_number_pk" PRIMARY KEY("network","number")
);
--> statement-breakpoint
CREATE TABLE "network_cursors" (
	"network" text NOT NULL,
	"mode" text NOT NULL,
	"scanned_number" bigint,
	"scanned_hash" text,
	"scanned_time" timestamp (3) with time zone,
	"looked_number" bigint,
	"head_number" bigint,
	"head_time" timestamp (3) with time zone,
	"finalized_number" bigint,
	"lease_owner" uuid,
	"lease_until" timestamp (3) with time zone,
	"last_success_at" timestamp (3) with time zone,
	"last_error" text,
	CONSTRAINT "network_cursors_network_mode_pk" PRIMARY KEY("network","mode")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"status_code" integer NOT NULL,
	"response_body" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_merchant_id_mode_key_pk" PRIMARY KEY("merchant_id","mode","key")
);
--> statement-breakpoint
CREATE TABLE "invoice_tallies" (
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"network" text NOT NULL,
	"status" text NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"count" bigint NOT NULL,
	"volume" numeric(38, 0) NOT NULL,
	CONSTRAINT "invoice_tallies_merchant_id_mode_hour_network_status_pk" PRIMARY KEY("merchant_id","mode","hour","network","status")
);
--> statement-breakpoint
CREATE TABLE "invoice_tally_changes" (
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"network" text NOT NULL,
	"status" text NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"count" bigint NOT NULL,
	"volume" numeric(38, 0) NOT NULL
);
--> statement-breakpoint
CREATE TABLE "invoices" (
	"id" uuid PRIMARY KEY NOT NULL,
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"wallet_id" uuid NOT NULL,
	"network" text NOT NULL,
	"payout_address" text NOT NULL,
	"reference" text NOT NULL,
	"pay_path" text NOT NULL,
	"amount_requested" bigint NOT NULL,
	"amount" bigint NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"title" text,
	"description" text,
	"callback_url" text,
	"return_url" text,
	"metadata" text,
	"white_label" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"paid_at" timestamp (3) with time zone,
	"expired_at" timestamp (3) with time zone,
	"cancelled_at" timestamp (3) with time zone,
	"resolution" text,
	CONSTRAINT "invoices_pay_path" UNIQUE("pay_path"),
	CONSTRAINT "invoices_reference" UNIQUE("merchant_id","mode","reference"),
	CONSTRAINT "invoices_id_merchant" UNIQUE("id","merchant_id"),
	CONSTRAINT "invoices_amount" CHECK ("invoices"."amount_requested" > 0 and "invoices"."amount" >= "invoices"."amount_requested"),
	CONSTRAINT "invoices_window" CHECK ("invoices"."expires_at" > "invoices"."created_at"),
	CONSTRAINT "invoices_status_times" CHECK (case "invoices"."status"
        when 'pending' then "invoices"."paid_at" is null and "invoices"."expired_at" is null and "invoices"."cancelled_at" is null and "invoices"."resolution" is null
        when 'confirmed' then "invoices"."paid_at" is not null and "invoices"."resolution" is not null
        when 'expired' then "invoices"."paid_at" is null and "invoices"."expired_at" is not null and "invoices"."resolution" is null
        when 'cancelled' then "invoices"."paid_at" is null and "invoices"."cancelled_at" is not null and "invoices"."resolution" is null
        else false end)
);
--> statement-breakpoint
CREATE TABLE "merchants" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"webhook_url" text,
	"webhook_secret" text NOT NULL,
	"previous_webhook_secret" text,
	"previous_webhook_secret_until" timestamp (3) with time zone,
	"adjustment_limit" bigint DEFAULT 500 NOT NULL,
	"amount_cooldown_seconds" integer DEFAULT 1800 NOT NULL,
	"wallets_version" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "merchants_adjustment_limit" CHECK ("merchants"."adjustment_limit" between 0 and 10000),
	CONSTRAINT "merchants_amount_cooldown" CHECK ("merchants"."amount_cooldown_seconds" between 60 and 604800)
);
--> statement-breakpoint
CREATE TABLE "payments" (
	"invoice_id" uuid PRIMARY KEY NOT NULL,
	"merchant_id" uuid NOT NULL,
	"transfer_id" uuid NOT NULL,
	"resolution" text DEFAULT 'automatic' NOT NULL,
	"detected_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"confirmed_at" timestamp (3) with time zone,
	"confirmations" integer,
	CONSTRAINT "payments_transfer_once" UNIQUE("transfer_id","merchant_id"),
	CONSTRAINT "payments_confirmed" CHECK (("payments"."confirmed_at" is null) = ("payments"."confirmations" is null))
);
--> statement-breakpoint
CREATE TABLE "simulations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"invoice_id" uuid NOT NULL,
	"step" text NOT NULL,
	"transfer_id" uuid,
	"due_at" timestamp (3) with time zone NOT NULL,
	"done_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "transfers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"network" text NOT NULL,
	"mode" text NOT NULL,
	"tx_hash" text NOT NULL,
	"ordinal" integer NOT NULL,
	"block_number" bigint NOT NULL,
	"block_hash" text NOT NULL,
	"block_time" timestamp (3) with time zone NOT NULL,
	"log_index" integer NOT NULL,
	"from_address" text NOT NULL,
	"to_address_key" text NOT NULL,
	"value" numeric(78, 0) NOT NULL,
	"units" bigint,
	"status" text DEFAULT 'canonical' NOT NULL,
	"matched_at" timestamp (3) with time zone,
	"merchant_id" uuid,
	"detected_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "transfers_identity" UNIQUE("network","mode","tx_hash","ordinal"),
	CONSTRAINT "transfers_value" CHECK ("transfers"."value" > 0),
	CONSTRAINT "transfers_simulated_owner" CHECK (("transfers"."mode" = 'test') = ("transfers"."merchant_id" is not null))
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"merchant_id" uuid NOT NULL,
	"email" text NOT NULL,
	"password_hash" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email"),
	CONSTRAINT "users_email_lower_case" CHECK ("users"."email" = lower("users"."email"))
);
--> statement-breakpoint
CREATE TABLE "wallets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"merchant_id" uuid NOT NULL,
	"network" text NOT NULL,
	"address" text NOT NULL,
	"address_key" text NOT NULL,
	"label" text,
	"is_default" boolean NOT NULL,
	"archived_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"watch_seq" bigint NOT NULL,
	CONSTRAINT "wallets_address_once" UNIQUE("merchant_id","network","address_key"),
	CONSTRAINT "wallets_id_merchant" UNIQUE("id","merchant_id"),
	CONSTRAINT "wallets_watch_seq" UNIQUE("network","watch_seq")
);
--> statement-breakpoint
CREATE TABLE "watch_lists" (
	"network" text PRIMARY KEY NOT NULL,
	"last_seq" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"delivery_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"status_code" integer,
	"response_body" text,
	"latency_ms" integer NOT NULL,
	"error" text,
	CONSTRAINT "attempts_delivery_id_number_pk" PRIMARY KEY("delivery_id","number")
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"url" text NOT NULL,
	"body" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts_made" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone,
	"lease_owner" uuid,
	"lease_until" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp (3) with time zone,
	CONSTRAINT "deliveries_event" UNIQUE("event_id"),
	CONSTRAINT "deliveries_due" CHECK (("deliveries"."status" = 'pending') = ("deliveries"."next_attempt_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"merchant_id" uuid NOT NULL,
	"mode" text NOT NULL,
	"invoice_id" uuid NOT NULL,
	"type" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "events_once" UNIQUE("invoice_id","type")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_merchant_id_merchants_id_fk" FOREIGN KEY ("merchant_id") REFERENCES "public"."merchants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audit_log" ADD CONSTRAINT "audit_log_merchant_id_merchants_id_fk" FOREIGN KEY ("merchant_id") REFERENCES "public"."merchants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_merchant_id_merchants_id_fk" FOREIGN KEY ("merchant_id") REFERENCES "public"."merchants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_wallet_id_merchant_id_wallets_id_merchant_id_fk" FOREIGN KEY ("wallet_id","merchant_id") REFERENCES "public"."wallets"("id","merchant_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_invoice_id_merchant_id_invoices_id_merchant_id_fk" FOREIGN KEY ("invoice_id","merchant_id") REFERENCES "public"."invoices"("id","merchant_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "simulations" ADD CONSTRAINT "simulations_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "simulations" ADD CONSTRAINT "simulations_transfer_id_transfers_id_fk" FOREIGN KEY ("transfer_id") REFERENCES "public"."transfers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_merchant_id_merchants_id_fk" FOREIGN KEY ("merchant_id") REFERENCES "public"."merchants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_merchant_id_merchants_id_fk" FOREIGN KEY ("merchant_id") REFERENCES "public"."merchants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wallets" ADD CONSTRAINT "wallets_merchant_id_merchants_id_fk" FOREIGN KEY ("merchant_id") REFERENCES "public"."merchants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_delivery_id_deliveries_id_fk" FOREIGN KEY ("delivery_id") REFERENCES "public"."deliveries"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_merchant_id_merchants_id_fk" FOREIGN KEY ("merchant_id") REFERENCES "public"."merchants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_merchant_id_merchants_id_fk" FOREIGN KEY ("merchant_id") REFERENCES "public"."merchants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_one_current" ON "api_keys" USING btree ("merchant_id","mode") WHERE "api_keys"."expires_at" is null;--> statement-breakpoint
CREATE INDEX "api_keys_merchant" ON "api_keys" USING btree ("merchant_id");--> statement-breakpoint
CREATE INDEX "api_logs_list" ON "api_logs" USING btree ("merchant_id","mode","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "api_logs_age" ON "api_logs" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "audit_log_by_merchant" ON "audit_log" USING btree ("merchant_id","created_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "idempotency_keys_age" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "invoice_tally_changes_merchant" ON "invoice_tally_changes" USING btree ("merchant_id","mode");--> statement-breakpoint
CREATE INDEX "invoices_list" ON "invoices" USING btree ("merchant_id","mode","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "invoices_list_by_status" ON "invoices" USING btree ("merchant_id","mode","status","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "invoices_match" ON "invoices" USING btree ("wallet_id","amount","expires_at");--> statement-breakpoint
CREATE INDEX "invoices_open" ON "invoices" USING btree ("mode","network","expires_at") WHERE "invoices"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "payments_in_flight" ON "payments" USING btree ("detected_at") WHERE "payments"."confirmed_at" is null;--> statement-breakpoint
CREATE INDEX "simulations_due" ON "simulations" USING btree ("due_at") WHERE "simulations"."done_at" is null;--> statement-breakpoint
CREATE INDEX "transfers_to_match" ON "transfers" USING btree ("network","mode","block_number") WHERE "transfers"."matched_at" is null;--> statement-breakpoint
CREATE INDEX "transfers_by_block" ON "transfers" USING btree ("network","mode","block_number");--> statement-breakpoint
CREATE INDEX "transfers_not_canonical" ON "transfers" USING btree ("network","status") WHERE "transfers"."status" <> 'canonical';--> statement-breakpoint
CREATE INDEX "transfers_by_recipient" ON "transfers" USING btree ("network","to_address_key","block_time" DESC NULLS FIRST);--> statement-breakpoint
CREATE UNIQUE INDEX "wallets_one_default" ON "wallets" USING btree ("merchant_id","network") WHERE "wallets"."is_default";--> statement-breakpoint
CREATE INDEX "wallets_by_address" ON "wallets" USING btree ("network","address_key");--> statement-breakpoint
CREATE INDEX "deliveries_to_send" ON "deliveries" USING btree ("next_attempt_at") WHERE "deliveries"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "deliveries_by_merchant" ON "deliveries" USING btree ("merchant_id","mode","created_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "events_by_merchant" ON "events" USING btree ("merchant_id","mode","created_at" DESC NULLS FIRST);