ALTER TABLE "policy_proposal" ADD COLUMN "successor" text;--> statement-breakpoint
ALTER TABLE "policy_release" ADD COLUMN "successor" jsonb;