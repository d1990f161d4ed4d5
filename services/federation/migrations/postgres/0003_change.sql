ALTER TABLE "federation_interaction" ADD COLUMN "signature_id" text;--> statement-breakpoint
ALTER TABLE "federation_interaction" ADD COLUMN "signing" jsonb;