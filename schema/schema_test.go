package schema_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"nks/gateway/postgres/pgtest"
	"nks/schema"
)

func TestManyNodesOfManyDatabasesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 3 {
		d := pgtest.Empty(t)
		for range 3 {
			db := d.Open(t, pgtest.Superuser)
			wg.Go(func() {
				if err := schema.Migrate(context.Background(), db.DB); err != nil {
					t.Error(err)
				}
				if v, err := schema.Version(context.Background(), db.DB); err != nil || v != schema.Latest() {
					t.Errorf("version %d, %v, want %d", v, err, schema.Latest())
				}
			})
		}
	}
	wg.Wait()
}

func TestAnEmptyDatabaseHasVersionNought(t *testing.T) {
	t.Parallel()
	v, err := schema.Version(context.Background(), pgtest.Empty(t).Open(t, pgtest.Superuser).DB)
	if v != 0 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.Create(t).Open(t, pgtest.Superuser)
	if _, err := db.Exec("INSERT INTO public.nks_migration (version_id, is_applied) VALUES ($1, true)", schema.Latest()+1); err != nil {
		t.Fatal(err)
	}
	if err := schema.Migrate(context.Background(), db.DB); !errors.Is(err, schema.ErrNewer) {
		t.Errorf("got %v, want ErrNewer", err)
	}
}

// TestADatabaseOfOtherMigrationsIsRefused: one whose tables were made with another text of a file that has the same number.
func TestADatabaseOfOtherMigrationsIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ change, want string }{
		"a file written anew":      {"UPDATE public.nks_migration SET digest = md5(digest) WHERE version_id = 2", "migrate: migration 0002 is not the one that this database was made with"},
		"before digests were kept": {"ALTER TABLE public.nks_migration DROP COLUMN digest", "migrate: migration 0001 is not the one that this database was made with"},
		"the same files":           {"UPDATE public.nks_migration SET digest = digest", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.Create(t).Open(t, pgtest.Superuser)
			if _, err := db.Exec(tc.change); err != nil {
				t.Fatal(err)
			}
			err := schema.Migrate(context.Background(), db.DB)
			if tc.want == "" && err != nil || tc.want != "" && (!errors.Is(err, schema.ErrOther) || err.Error() != tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// TestAnAdministratorMayKeepTheSuperuser migrates a database whose roles were made beforehand.
func TestAnAdministratorMayKeepTheSuperuser(t *testing.T) {
	t.Parallel()
	pgtest.Create(t) // the roles are there from here on
	d := pgtest.Empty(t)
	admin := d.Open(t, pgtest.Superuser)
	for _, sql := range []string{
		"CREATE ROLE plain LOGIN NOSUPERUSER",
		"GRANT nks_owner, nks_flow, nks_page TO plain",
		"ALTER DATABASE " + d.Name + " OWNER TO plain",
	} {
		if _, err := admin.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, sql := range []string{"ALTER DATABASE " + d.Name + " OWNER TO postgres", "DROP OWNED BY plain CASCADE", "DROP ROLE plain"} {
			if _, err := admin.Exec(sql); err != nil {
				t.Error(err)
			}
		}
	})
	db, err := sqlx.Connect("pgx", d.Server.DSN(d.Name, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(schema.Migrate(context.Background(), db.DB), schema.Migrate(context.Background(), db.DB)); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestWhoMayDoWhat asks the database itself about everything that the migrations made. Each query lists offenders.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	db := pgtest.Create(t).Open(t, pgtest.Superuser)
	for name, query := range map[string]string{
		"not owned by nks_owner": `
			SELECT relname FROM pg_class WHERE relnamespace = 'nks'::regnamespace AND relowner <> 'nks_owner'::regrole
			UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'nks'::regnamespace AND proowner <> 'nks_owner'::regrole
			UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'nks'::regnamespace AND typowner <> 'nks_owner'::regrole`,
		"outside schema nks": `
			SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
			AND relname <> 'nks_migration'`,
		"not readable by nks_flow": `
			SELECT relname FROM pg_class WHERE relnamespace = 'nks'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
			AND NOT has_table_privilege('nks_flow', oid, 'SELECT')`,
		"sequences closed to nks_flow": `
			SELECT seqrelid::regclass::text FROM pg_sequence WHERE seqrelid::regclass::text NOT LIKE 'public.%'
			AND NOT has_sequence_privilege('nks_flow', seqrelid, 'USAGE')`,
		"partitions open to nks_page": `
			SELECT relname FROM pg_class WHERE relnamespace = 'nks'::regnamespace AND relispartition AND relkind IN ('r', 'p')
			AND has_table_privilege('nks_page', oid, 'SELECT, INSERT, UPDATE, DELETE')`,
		"functions open to everybody": `
			SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a
			WHERE pronamespace = 'nks'::regnamespace AND a.grantee = 0`,
		"roles with wrong powers": `
			SELECT rolname FROM pg_roles WHERE rolname LIKE 'nks\_%' AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication
			OR rolcanlogin <> (rolname <> 'nks_owner') OR rolbypassrls <> (rolname = 'nks_flow'))`,
	} {
		var offenders []string
		if err := db.Select(&offenders, query); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(offenders) > 0 {
			t.Errorf("%s: %v", name, offenders)
		}
	}
}

func TestOneBusinessClock(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	const set = "INSERT INTO business_clock (offset_ns, set_at) VALUES ($1, now())"
	if _, err := db.Exec(set, int64(-660_000_000)*1_000_000_000); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(set, 0); err == nil {
		t.Error("a second clock was made")
	}
}
