CREATE TABLE "federation_told_axis" (
	"rp_id" text NOT NULL,
	"pairwise_subject" text NOT NULL,
	"framework" text NOT NULL,
	"axis" text NOT NULL,
	"login_level" text,
	CONSTRAINT "federation_told_axis_rp_id_pairwise_subject_framework_axis_pk" PRIMARY KEY("rp_id","pairwise_subject","framework","axis")
);
