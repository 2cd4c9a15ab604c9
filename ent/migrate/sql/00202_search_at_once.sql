-- A search takes the same however much was published a moment ago: docs/decisions/0011-search-under-row-security.md.
-- +goose Up
-- By default a GIN index puts new rows on a list, which every search reads from end to end until vacuum sorts it in: after a
-- reindex each took four times as long. Documents are written by jobs, which can wait; searches cannot.
ALTER INDEX search_words_words SET (fastupdate = off);
ALTER INDEX search_titles_title SET (fastupdate = off);
SELECT gin_clean_pending_list('search_words_words'), gin_clean_pending_list('search_titles_title');

-- +goose Down
ALTER INDEX search_words_words RESET (fastupdate);
ALTER INDEX search_titles_title RESET (fastupdate);
