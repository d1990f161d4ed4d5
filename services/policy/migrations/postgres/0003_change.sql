ALTER TABLE "policy_decision" ADD COLUMN "occasion" text DEFAULT 'change' NOT NULL;--> statement-breakpoint
ALTER TABLE "policy_decision" ADD COLUMN "question_id" text;--> statement-breakpoint
ALTER TABLE "policy_decision" ADD COLUMN "relying_party" text;--> statement-breakpoint
ALTER TABLE "policy_decision" ADD COLUMN "requested" text;--> statement-breakpoint
ALTER TABLE "policy_decision" ADD COLUMN "satisfied" boolean;--> statement-breakpoint
ALTER TABLE "policy_decision" ADD COLUMN "ceremony" jsonb;--> statement-breakpoint
CREATE INDEX "policy_decision_decided_at" ON "policy_decision" USING btree ("decided_at");