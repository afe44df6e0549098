package conf_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"nks/conf"
)

// write puts text into a file of its own directory and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nks.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const bank = `
[[bank]]
id = "A"
name = "Bank A"
gln = "5790000000005"
address = "127.0.0.1:22"
key = "keys/nks_client"
host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "keys/a.pub"]
`

// plainRasp is an endpoint without TLS, too, for networks, and a party with a profile.
func plainRasp(networks, profile string) string {
	return rasp("plain_listen = \"127.0.0.1:8080\"\nplain_address = \"http://gateway.example/rasp\"\nplain_networks = "+networks) +
		"\n[[rasp.party]]\nsupplier = \"A\"\ncvr = [\"12345674\"]\nprofile = \"" + profile + "\"\n"
}

// rasp is an endpoint that is open, with one more line.
func rasp(more string) string {
	text := "[rasp]\nlisten = \"127.0.0.1:8443\"\naddress = \"https://gateway.example/rasp\"\nca = [\"ca.crt\"]\n"
	if key, _, ok := strings.Cut(more, " = "); ok {
		text = regexp.MustCompile(`(?m)^`+key+` = .*\n`).ReplaceAllString(text, "")
	}
	return text + more + "\n"
}

// clustered is a broker that is one of three, with something of it replaced.
func clustered(part, by string) string {
	return strings.Replace(`[database]
url_file = "db"
[mq]
listen = "127.0.0.1:4222"
[mq.cluster]
name = "nks"
member = "n1"
members = ["n1 10.0.0.1:6222", "n2 10.0.0.2:6222", "n3 10.0.0.3:6222"]
secret = "s"
tls_certificate = "c"
tls_key = "k"
tls_ca = "a"
`, part, by, 1)
}

// TestCluster: a whole one is right, and knows its members.
func TestCluster(t *testing.T) {
	t.Parallel()
	c, err := conf.Parse(clustered("", ""))
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	if all, others := c.MQ.Cluster.All(), c.MQ.Cluster.Others(); len(all) != 3 || len(others) != 2 || others[1] != (conf.MQMember{Name: "n3", Address: "10.0.0.3:6222"}) {
		t.Errorf("members %v, others %v", all, others)
	}
}

// TestClusterSecret: what is no secret is refused, without being shown.
func TestClusterSecret(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{"0123456789abcdef\n": true, "short\n": false, "": false, "0123456789abcdef two\n": false, strings.Repeat("x", 600): false} {
		secret, err := conf.MQCluster{Secret: write(t, text)}.ReadSecret()
		if (err == nil) != good || good && secret != strings.TrimSpace(text) || err != nil && text != "" && strings.Contains(err.Error(), strings.TrimSpace(text)) {
			t.Errorf("%q: %q, %v", text, secret, err)
		}
	}
}

// uncommented is the sample with every key set to the default that it shows.
func uncommented(t *testing.T) string {
	t.Helper()
	sample, err := os.ReadFile("nks.toml")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^# ([a-z_]+ = )`).ReplaceAllString(string(sample), "$1")
}

func TestSampleLoads(t *testing.T) {
	t.Parallel()
	cfg, err := conf.Load("nks.toml")
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Banks) != 1 || cfg.Banks[0].ID != "EXAMPLE" {
		t.Errorf("banks %+v", cfg.Banks)
	}
}

func TestSampleShowsTheDefaults(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("nks.toml")
	if err != nil {
		t.Fatal(err)
	}
	silent, err := conf.Parse(string(sample))
	if err != nil {
		t.Fatal(err)
	}
	spoken, err := conf.Parse(uncommented(t))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(silent, spoken) {
		t.Errorf("the sample's comments are not the defaults\nshown: %+v\ndefault: %+v", spoken, silent)
	}
}

// TestSampleShowsEveryKey walks the structure beside the sample's sections.
func TestSampleShowsEveryKey(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	section := ""
	for line := range strings.Lines(uncommented(t)) {
		line = strings.TrimSpace(line)
		if name := strings.Trim(line, "[]"); strings.HasPrefix(line, "[") {
			section = name + "."
			shown[name] = true
		} else if key, _, ok := strings.Cut(line, " = "); ok && !strings.HasPrefix(line, "#") {
			shown[section+key] = true
		}
	}
	for _, key := range keys(reflect.TypeFor[conf.Config](), "") {
		if !shown[key] {
			t.Errorf("the sample lacks %s", key)
		}
	}
}

func keys(typ reflect.Type, prefix string) []string {
	var all []string
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Tag.Get("toml") == "-" {
			continue
		}
		name := prefix + f.Tag.Get("toml")
		all = append(all, name)
		inner := f.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[conf.Duration]() {
			all = append(all, keys(inner, name+".")...)
		}
	}
	return all
}

func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":          {"data = \"x\"\ncolour = 3\n", "line 2, column 1: unknown key colour"},
		"unknown in section":   {"[mailbox]\nlisten = \"a:1\"\n  lissten = \"a:1\"\n", "line 3, column 3: unknown key mailbox.lissten"},
		"unknown section":      {"[mailboxx]\nlisten = \"a:1\"\n", "unknown key mailboxx"},
		"unknown in bank":      {bank + "colour = 3\n", "line 9, column 1: unknown key bank.colour"},
		"wrong type":           {"[limits]\nmessage_payments = \"many\"\n", "line 2, column 20"},
		"not TOML":             {"data = \n", "line 1"},
		"twice":                {"data = \"a\"\ndata = \"b\"\n", "line 2"},
		"bad duration":         {"[flow]\npoll = \"soon\"\n", "is no duration"},
		"bad time of day":      {bank + "send_by = \"8:30\"\n", "is no time of day"},
		"environment":          {"environment = \"prod\"\n", `environment: "prod" is not one of production, test`},
		"address":              {"[mailbox]\nlisten = \"2222\"\n", "mailbox.listen"},
		"metrics to all":       {"[metrics]\nlisten = \":9464\"\n", "metrics.public = true"},
		"metrics to others":    {"[metrics]\nlisten = \"192.0.2.1:9464\"\n", "metrics.public = true"},
		"metrics nowhere":      {"[metrics]\nlisten = \"9464\"\n", "metrics.listen"},
		"pages to all":         {"[console]\nlisten = \":8080\"\n", "console.listen"},
		"pages to others":      {"[console]\nlisten = \"192.0.2.1:8080\"\n", "no login yet"},
		"pages nowhere":        {"[console]\nlisten = \"8080\"\n", "is not host:port"},
		"pages in production":  {"environment = \"production\"\n[console]\nlisten = \"127.0.0.1:8080\"\n", "must be empty in production"},
		"stuck at once":        {"[metrics]\nstuck_after = \"1s\"\n", "metrics.stuck_after"},
		"difference":           {"[metrics]\ndifference_every = \"1ms\"\n", "metrics.difference_every"},
		"range":                {"[limits]\nmessage_payments = 0\n", "limits.message_payments"},
		"clock":                {"[clock]\nstart = \"yesterday\"\n", "clock.start"},
		"clock in production":  {"environment = \"production\"\n[clock]\nstart = \"2005-08-11T04:30:00+02:00\"\n", "clock.start"},
		"cell":                 {"[cell]\nnumber = 100\n", "cell.number"},
		"name of the other":    {"[identity]\nname = \"NKS\"\n[identity.addressed_as]\nproduction = [\"NKS\"]\ntest = [\"NKSTEST\"]\n", "identity.name: \"NKS\" is a name of the other environment"},
		"name of both":         {"[identity]\nname = \"NKSTEST\"\n[identity.addressed_as]\nproduction = [\"A\"]\ntest = [\"NKSTEST\", \"A\"]\n", "\"A\" is a name of both environments"},
		"no name":              {"[identity.addressed_as]\ntest = [\"\"]\n", "must have 1 to 35"},
		"apart from nothing":   {"apart_from = [\"\"]\n", "apart_from"},
		"limit of a line":      {"[lines]\nlimits = [\"bank BEC\"]\n", "no limit such as"},
		"line too patient":     {"[lines]\nlimits = [\"bank BEC 48h\"]\nbank = \"1s\"\n", "lines.bank: 1s is not between"},
		"gln":                  {"[identity]\ngln = \"579800001644\"\n", "identity.gln"},
		"password":             {"[database]\nurl = \"postgres://a:secret@h/d\"\n", "database.url: holds a password"},
		"same bank twice":      {bank + bank, "bank A: id: is used twice"},
		"test in production":   {"environment = \"production\"\n" + bank + "test = true\n", "bank A: test"},
		"code twice":           {bank + "gis_executed = [\"2\"]\n", `bank A: gis_executed: "2" stands in gis_rejected too`},
		"no host key":          {strings.Replace(bank, "host_keys", "# host_keys", 1), "bank A: host_keys: is empty"},
		"temp name":            {bank + "temp_name = \"NKS.tmp\"\n", "bank A: temp_name"},
		"profile of before":    {"[rasp]\nprofile = \"oiorasp\"\n", "for single suppliers"},
		"profile of nobody":    {"[[rasp.party]]\nsupplier = \"A\"\ncvr = [\"12345674\"]\nprofile = \"sha1\"\n", "rasp party A: profile"},
		"letters, no sender":   {"[print]\naddress = \"print.example:22\"\nuser = \"nks\"\nhost_keys = [\"ssh-ed25519 A\"]\n", "activation.sender"},
		"letters, any server":  {"[print]\naddress = \"print.example:22\"\nuser = \"nks\"\n", "print.host_keys"},
		"letters, two lines":   {"[activation]\nsite = \"a\\nb\"\n", "activation.site"},
		"codes for ever":       {"[activation]\ndays = 3650\n", "activation.days"},
		"interface for nobody": {"[api]\nlisten = \"127.0.0.1:8443\"\n", "nobody may call"},
		"interface, no client": {"[[api.client]]\nname = \"site\"\nfingerprints = [\"sha256:12\"]\n", "api client 1 (site): fingerprints"},
		"plain, anywhere":      {plainRasp("[]", "oiorasp"), "rasp.plain_networks"},
		"plain, the world":     {plainRasp("[\"0.0.0.0/0\"]", "oiorasp"), "rasp.plain_networks"},
		"plain, no network":    {plainRasp("[\"10.1.2.3/24\"]", "oiorasp"), "rasp.plain_networks"},
		"plain, for nobody":    {plainRasp("[\"10.1.2.0/24\"]", "sha256"), "no other may come without TLS"},
		"plain answers":        {plainRasp("[\"10.1.2.0/24\"]", "oiorasp") + "[[rasp.party]]\nsupplier = \"B\"\ncvr = [\"87654321\"]\nendpoint = \"http://b.example/in\"\n", "rasp party B: endpoint"},
		"no profile":           {"[rasp]\nprofile = \"sha1\"\n", `rasp.profile: "sha1" is not "sha256"`},
		"endpoint, no TLS":     {rasp("address = \"http://gateway.example/rasp\""), "rasp.address"},
		"endpoint, no CA":      {rasp("ca = []"), "rasp.ca"},
		"no revocation":        {"environment = \"production\"\n" + rasp(""), "rasp.crl"},
		"endpoint too large":   {rasp("max_message_mb = 65"), "rasp.max_message_mb"},
		"nobody let in":        {"[[rasp.party]]\nsupplier = \"A\"\n", "rasp party A: certificates"},
		"no fingerprint":       {"[[rasp.party]]\nsupplier = \"A\"\ncertificates = [\"sha256:12\"]\n", "64 hexadecimal digits"},
		"no rate":              {rasp("min_rate_kb = 0"), "rasp.min_rate_kb"},
		"nobody connects":      {rasp("address_connections = 0"), "rasp.address_connections"},
		"next without a key":   {rasp("next_certificate = \"next.crt\""), "rasp.next_certificate"},
		"next is the present":  {rasp("next_certificate = \"keys/rasp.crt\"\nnext_key = \"next.key\""), "rasp.next_certificate"},
		"whole company, too":   {"[[rasp.party]]\nsupplier = \"A\"\ncertificates = [\"a.crt\"]\ncvr = [\"12345674\"]\n", "rasp party A: cvr"},
		"no subject serial":    {"[[rasp.party]]\nsupplier = \"A\"\nsubject_serials = [\" CVR:12345674-FID:1\"]\n", "rasp party A: subject_serials"},
		"subject bound twice":  {"[[rasp.party]]\nsupplier = \"A\"\nsubject_serials = [\"X:1\"]\n[[rasp.party]]\nsupplier = \"B\"\nsubject_serials = [\"X:1\"]\n", "rasp party B: X:1 is bound twice"},
		"no company number":    {"[[rasp.party]]\nsupplier = \"A\"\ncvr = [\"1\"]\n", "8 digits"},
		"bound twice":          {"[[rasp.party]]\nsupplier = \"A\"\ncvr = [\"12345674\"]\n[[rasp.party]]\nsupplier = \"B\"\ncvr = [\"12345674\"]\n", "rasp party B: 12345674 is bound twice"},
		"nobody to believe":    {"[[rasp.party]]\nsupplier = \"A\"\ncvr = [\"12345674\"]\nendpoint = \"https://a.example/in\"\n", "rasp party A: endpoint_certificates"},
		"queue on a network":   {"[mq]\nlisten = \"0.0.0.0:4222\"\n", "mq.listen"},
		"message too large":    {"[mq]\nmax_message_mb = 64\n", "mq.max_message_mb"},
		"queue by name":        {"[mq]\nlisten = \"localhost:4222\"\n", "is no address but a name"},
		"certificate alone":    {"[mq]\nlisten = \"0.0.0.0:4222\"\ntls_certificate = \"a\"\ntls_key = \"b\"\n", "mq.tls_client_ca"},
		"key alone":            {"[mq]\ntls_key = \"b\"\n", "mq.tls_key"},
		"cluster alone":        {"[mq.cluster]\nmember = \"n1\"\n", "mq.cluster.name: is empty"},
		"cluster closed":       {clustered("listen = \"127.0.0.1:4222\"", ""), "and mq.listen be given"},
		"cluster, own data":    {clustered("url_file = \"db\"", ""), "the members must share an external database"},
		"two members":          {clustered(", \"n3 10.0.0.3:6222\"", ""), "mq.cluster.members: must be 3, this one too, and not 2"},
		"member of no port":    {clustered("n2 10.0.0.2:6222", "n2 10.0.0.2"), "is no member such as"},
		"member twice":         {clustered("n2 10", "n1 10"), "\"n1\" stands there twice"},
		"members' address":     {clustered("10.0.0.2:", "10.0.0.1:"), "two have the address 10.0.0.1:6222"},
		"no member":            {clustered("member = \"n1\"", "member = \"n4\""), "mq.cluster.member: \"n4\" is none of"},
		"member's name":        {clustered("member = \"n1\"", ""), "mq.cluster.member"},
		"members' secret":      {clustered("secret = \"s\"", ""), "mq.cluster.secret: must be given"},
		"members' key":         {clustered("tls_key = \"k\"", ""), "mq.cluster.tls_key: must be given"},
		"members' listen":      {clustered("tls_ca = \"a\"", "tls_ca = \"a\"\nlisten = \"6222\""), "mq.cluster.listen"},
		"driver":               {"[mq]\ndriver = \"kafka\"\n", `mq.driver: "kafka" is not one of jetstream, amqp`},
		"two brokers":          {"[mq]\ndriver = \"amqp\"\nlisten = \"127.0.0.1:4222\"\n", "mq.listen"},
		"broker in the clear":  {"[mq]\ndriver = \"amqp\"\nurls = [\"amqp://mq.example:5672\"]\n", "must be encrypted"},
		"password in a URL":    {"[mq]\ndriver = \"amqp\"\nurls = [\"amqps://nks:x@mq.example\"]\n", "holds a login"},
		"no URL":               {"[mq]\ndriver = \"amqp\"\nurls = [\"mq.example\"]\n", "mq.urls"},
		"URL without driver":   {"[mq]\nurls = [\"amqps://mq.example\"]\n", "mq.urls"},
		"depths in the clear":  {"[mq]\ndriver = \"amqp\"\nlogin = \"l\"\nurls = [\"amqps://mq.example\"]\nmanagement = \"http://mq.example:15672\"\n", "must be encrypted, as https"},
		"depths of nobody":     {"[mq]\nmanagement = \"https://mq.example:15671\"\n", "mq.management"},
		"depths and no login":  {"[mq]\ndriver = \"amqp\"\nurls = [\"amqps://mq.example\"]\nmanagement = \"https://mq.example:15671\"\n", "needs mq.login"},
		"depths at a path":     {"[mq]\ndriver = \"amqp\"\nlogin = \"l\"\nurls = [\"amqps://mq.example\"]\nmanagement = \"https://mq.example/api\"\n", "mq.management"},
		"one queue for all":    {"[mq]\ndriver = \"amqp\"\nin = \"IN\"\n", "suppliers would share a queue"},
		"our own answers":      {"[mq]\ndriver = \"amqp\"\nin = \"Q.{supplier}\"\nout = \"Q.{supplier}\"\n", "we would read what we put"},
		"reports twice":        {"[[bank_report]]\nsupplier = \"A\"\nbanks = [\"B\", \"B\"]\n[[bank_report]]\nsupplier = \"A\"\nbanks = [\"C\"]\n", "bank_report.supplier: \"A\" stands there twice"},
		"reports for nobody":   {"[[bank_report]]\nsupplier = \"A\"\n", "bank_report.banks: of \"A\" must be 1 to 1000 banks"},
		"queue used twice":     {"[mq]\ndriver = \"amqp\"\n[[mq.supplier]]\nname = \"A\"\nin = \"X\"\nout = \"X\"\n", `queue "X" is used already, by A`},
		"certificate":          {"[mq]\ntls_certificate = \"a\"\ntls_key = \"b\"\ntls_client_ca = \"c\"\n[[mq.supplier]]\nname = \"A\"\ncertificates = [\"CN=A\"]\n", "is neither cn:"},
		"certificate unasked":  {"[[mq.supplier]]\nname = \"A\"\ncertificates = [\"cn:A\"]\n", "need mq.tls_client_ca"},
		"put time before all":  {"[mq]\nput_time_counts = \"169h\"\n", "mq.put_time_counts"},
		"journal of a week":    {"[journal]\nkeep = 6\n", "journal.keep: 6 is neither 0 nor between 7 and 36500 days"},
		"a report, and when?":  {"[report]\ndaily = [\"control 4101 LEVA csv da\"]\n", "report.daily"},
		"a report on paper":    {"[report]\ndaily = [\"control 4101 LEVA 07:00 paper da\"]\n", "report.daily"},
		"long copies":          {"[answers]\ncopies = [\"LEVA\"]\n[limits]\nanswer_payments = 60000\n", "answers.copies"},
		"IBM MQ in the clear":  {"[mq]\ndriver = \"ibmmq\"\n[mq.ibmmq]\nconn_name = \"mq(1414)\"\nchannel = \"C\"\npeer_name = \"CN=QM\"\n", "mq.ibmmq.cipher_spec: is empty"},
		"IBM MQ, no channel":   {"[mq]\ndriver = \"ibmmq\"\n[mq.ibmmq]\nconn_name = \"mq(1414)\"\n", "mq.ibmmq.channel: goes with"},
		"a table and more":     {"[mq]\ndriver = \"ibmmq\"\n[mq.ibmmq]\nccdt_url = \"file:t\"\nconn_name = \"mq(1414)\"\nchannel = \"C\"\n", "mq.ibmmq.ccdt_url"},
		"IBM MQ's of another":  {"[mq]\n[mq.ibmmq]\nmanager = \"QM\"\n", "mq.ibmmq: is for driver"},
		"a channel too long":   {"[mq]\ndriver = \"ibmmq\"\n[mq.ibmmq]\nconn_name = \"mq(1414)\"\nchannel = \"TWENTY.ONE.CHARACTERS\"\n", "mq.ibmmq.channel: has 21 bytes, at most 20"},
		"a password in sight":  {"[mq]\ndriver = \"ibmmq\"\n[mq.ibmmq]\nccdt_url = \"ftp://nks:secret@host/t.json\"\n", "mq.ibmmq.ccdt_url: is no address, or one with a password"},
		"a queue too long":     {"[mq]\ndriver = \"ibmmq\"\nin = \"" + strings.Repeat("Q", 49) + "{supplier}\"\n", "has more than 48 characters"},
		"connections":          {"connections = \"live\"\n", "connections: \"live\" is not one of recorded, required"},
		"deadline":             {"[answers]\nquiet = \"3m\"\n", "answers.deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := conf.Load(write(t, c.text))
			if !errors.Is(err, conf.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrInvalid with %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") && name == "password" {
				t.Error("the password stands in the error")
			}
		})
	}
}

func TestAllMistakesAreReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := conf.Load(write(t, "environment = \"x\"\n[log]\nlevel = \"loud\"\nformat = \"xml\"\n"))
	for _, key := range []string{"environment:", "log.level:", "log.format:"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("got %v, want %s named", err, key)
		}
	}
}

func TestABankKeepsWhatItSays(t *testing.T) {
	t.Parallel()
	path := write(t, bank+"una = false\ngis_information = []\nsend_by = \"00:00\"\nlead_days = 0\nsalary_send_by = \"00:00\"\nsalary_lead_days = 0\n")
	cfg, err := conf.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	want := conf.DefaultBank(conf.Test)
	want.ID, want.Name, want.GLN, want.Address = "A", "Bank A", "5790000000005", "127.0.0.1:22"
	want.Key = filepath.Join(dir, "keys/nks_client")
	want.HostKeys = []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", filepath.Join(dir, "keys/a.pub")}
	want.UNA, want.GISInformation, want.SendBy, want.LeadDays = false, []string{}, 0, 0
	want.SalarySendBy, want.SalaryLeadDays = "00:00", 0
	if !reflect.DeepEqual(cfg.Banks[0], want) {
		t.Errorf("got  %+v\nwant %+v", cfg.Banks[0], want)
	}
	if cfg.Database.PrivateDir != filepath.Join(dir, "data", "pg") {
		t.Errorf("private server in %s", cfg.Database.PrivateDir)
	}
}

func TestTestFollowsTheEnvironment(t *testing.T) {
	t.Parallel()
	cfg, err := conf.Load(write(t, "environment = \"production\"\n"+bank))
	if err != nil || cfg.Banks[0].Test {
		t.Errorf("got %v, test %v", err, cfg.Banks)
	}
}

func TestCheckFiles(t *testing.T) {
	t.Parallel()
	path := write(t, bank)
	keys := filepath.Join(filepath.Dir(path), "keys")
	if err := os.Mkdir(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"mailbox_host": 0o600, "nks_client": 0o644, "a.pub": 0o644} {
		if err := os.WriteFile(filepath.Join(keys, name), []byte("# comment\nssh-ed25519 BBBB x\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := conf.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if wrong := cfg.CheckFiles(); len(wrong) != 1 || !strings.Contains(wrong[0].Error(), "bank A: key: ") {
		t.Errorf("got %v, want the open key of bank A alone", wrong)
	}
	lines, err := cfg.Banks[0].HostKeyLines()
	if err != nil || !reflect.DeepEqual(lines, []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "ssh-ed25519 BBBB x"}) {
		t.Errorf("host keys %q, %v", lines, err)
	}
}

func TestMissingFileIsTheSystemsError(t *testing.T) {
	t.Parallel()
	if _, err := conf.Load(filepath.Join(t.TempDir(), "none.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
}

func TestExternalURLFromFile(t *testing.T) {
	t.Parallel()
	path := write(t, "postgres://a:b@h/d\n")
	url, err := conf.Database{URLFile: path}.ExternalURL()
	if err != nil || url != "postgres://a:b@h/d" {
		t.Errorf("got %q, %v", url, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(bank)
	f.Add("[[bank]]\n[bank.x]\n")
	f.Add("bank = [{id = 1}, {}]")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := conf.Parse(text)
		if err != nil {
			return
		}
		cfg.Resolve("/etc/nks")
		if err := cfg.Validate(); err != nil && !errors.Is(err, conf.ErrInvalid) {
			t.Errorf("Validate gave %v", err)
		}
	})
}

// TestProductionHasNoPages: as long as nobody can log in to them.
func TestProductionHasNoPages(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "127.0.0.1:8080", "environment = \"production\"\n": "",
		"environment = \"production\"\n[console]\nlisten = \"\"\n": "", "[console]\nlisten = \"\"\n": "", "[console]\nlisten = \"[::1]:81\"\n": "[::1]:81"} {
		c, err := conf.Parse(text)
		if err != nil || c.Console.Listen != want {
			t.Errorf("%q: %q, %v, want %q", text, c.Console.Listen, err, want)
		}
	}
}
