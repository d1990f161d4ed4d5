CREATE TABLE "proofing_check_count" (
	"month" text NOT NULL,
	"use" text NOT NULL,
	"kind" text NOT NULL,
	"rp_id" text NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "proofing_check_count_month_use_kind_rp_id_pk" PRIMARY KEY("month","use","kind","rp_id")
);
