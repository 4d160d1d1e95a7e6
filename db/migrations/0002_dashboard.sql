CREATE TABLE "invoice_openings" (
	"invoice_id" uuid PRIMARY KEY NOT NULL,
	"opened_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "merchant_logos" (
	"merchant_id" uuid PRIMARY KEY NOT NULL,
	"media_type" text NOT NULL,
	"content" "bytea" NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "merchant_logos_media_type" CHECK ("merchant_logos"."media_type" in ('image/png', 'image/jpeg', 'image/webp')),
	CONSTRAINT "merchant_logos_size" CHECK (octet_length("merchant_logos"."content") between 1 and 262144)
);
--> statement-breakpoint
ALTER TABLE "merchants" ADD COLUMN "default_expiry_seconds" integer DEFAULT 1800 NOT NULL;--> statement-breakpoint
ALTER TABLE "merchants" ADD COLUMN "time_zone" text DEFAULT 'UTC' NOT NULL;--> statement-breakpoint
ALTER TABLE "merchants" ADD COLUMN "accent_color" text;--> statement-breakpoint
ALTER TABLE "merchants" ADD COLUMN "frame_origins" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "merchants" ADD COLUMN "key_copied_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "session_version" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice_openings" ADD CONSTRAINT "invoice_openings_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "merchant_logos" ADD CONSTRAINT "merchant_logos_merchant_id_merchants_id_fk" FOREIGN KEY ("merchant_id") REFERENCES "public"."merchants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "merchants" ADD CONSTRAINT "merchants_default_expiry" CHECK ("merchants"."default_expiry_seconds" between 300 and 7200);--> statement-breakpoint
ALTER TABLE "merchants" ADD CONSTRAINT "merchants_accent_color" CHECK ("merchants"."accent_color" ~ '^#[0-9a-f]{6}$');