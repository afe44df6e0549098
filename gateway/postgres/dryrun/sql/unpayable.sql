-- Adds the errors of unpayable recipients.

-- step: unpayable recipients
INSERT INTO fault (payment_id, code, rank)
SELECT s.id, r.code, r.rank FROM unpayable s JOIN code_rank r ON r.code = s.code

-- step: fault statistics
ANALYZE fault
