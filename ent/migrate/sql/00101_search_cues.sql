-- Where in a lesson's text each cue of its film begins, and when it is said: search leads to the second.
-- +goose Up
-- Nothing is rewritten: the defaults are constants. A lesson has no times until its course is written to search again.
ALTER TABLE search_documents
	ADD COLUMN cue_starts integer[] NOT NULL DEFAULT '{}', -- in characters of the body, counted from 1, rising
	ADD COLUMN cue_times integer[] NOT NULL DEFAULT '{}', -- in milliseconds of the film, one for each start
	ADD CONSTRAINT search_documents_cues CHECK (cardinality(cue_starts) = cardinality(cue_times));

-- +goose Down
ALTER TABLE search_documents DROP COLUMN cue_starts, DROP COLUMN cue_times;
