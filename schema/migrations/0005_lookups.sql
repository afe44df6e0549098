-- +goose Up
SET ROLE nks_owner;
SET search_path = nks;

-- What deadlines, gauges and operators look for every moment must not be sought among all that ever was.
CREATE INDEX order_line_open ON order_line (interchange_id, message_no, lin) WHERE state IN ('with_bank', 'accepted');
CREATE INDEX interchange_unanswered ON interchange (bank, sent_at) WHERE state = 'sent' AND contrl IN ('none', 'received');
CREATE INDEX interchange_unknown ON interchange (bank) WHERE state = 'unknown';
CREATE INDEX order_line_disputed ON order_line (interchange_id, message_no, lin) WHERE state = 'disputed';
CREATE INDEX fact_tally_disputed ON fact_tally (interchange_id, message_no, lin) INCLUDE (payments) WHERE kind = 'disputed';
RESET ROLE;
