ALTER TABLE "policy_proposal" ADD COLUMN "intent" text DEFAULT 'any' NOT NULL;--> statement-breakpoint
ALTER TABLE "policy_proposal" ADD COLUMN "refusal" text;--> statement-breakpoint
ALTER TABLE "policy_release" ADD COLUMN "intent" text DEFAULT 'any' NOT NULL;