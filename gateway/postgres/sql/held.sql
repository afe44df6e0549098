-- What a hold of a reach keeps: what is due by an instant and not released, and what is frozen and not let go.
--
-- $1: reach; $2: its subject; $3: the instant; $4: its day.
SELECT due.groups, due.payments + owed.payments AS payments, due.ore + owed.ore AS ore, files.files, files.payments AS file_payments, files.ore AS file_ore
FROM (SELECT count(*) AS groups, coalesce(sum(g.payments), 0)::bigint AS payments, coalesce(sum(g.ore), 0)::bigint AS ore FROM release_group g
    WHERE g.state = 'waiting' AND g.release_at <= $3 AND night_reaches($1, $2, g.bank_centre, g.agreement_id)) due,
  (SELECT count(*) AS payments, coalesce(sum(o.ore), 0)::bigint AS ore FROM obligation o JOIN interchange i ON i.id = o.cause_interchange
    WHERE o.state = 'open' AND o.due_on <= $4 AND night_reaches($1, $2, i.bank, o.agreement_id)) owed,
  (SELECT count(*) AS files, coalesce(sum(i.payments), 0)::bigint AS payments, coalesce(sum(i.ore), 0)::bigint AS ore FROM interchange i
    WHERE i.kind = 'PAYMUL' AND i.state IN ('frozen', 'rendered', 'sending') AND night_reaches($1, $2, i.bank, i.agreement_id)) files
