package main

import "strconv"

// job is one kind of run. It is told its seed, and must do the same again when it is told it again, as far as clocks
// and processes let it.
type job struct {
	name  string
	every int      // runs in every so manieth round only; 0 = in each
	env   []string // beside the environment's own
	args  []string
}

// jobs are run in turns. A further one is a line here: name, and how often; then the packages, or its own command.
func jobs(seed int) []job {
	n := strconv.Itoa(seed)
	return []job{
		{name: "jetstream", args: test(n, "./mq/...")},
		{name: "amqp", every: 2, env: []string{"NKS_FARM=1"}, args: test(n, "./mq/amqp")},
		{name: "members killed", every: 2, env: []string{"NKS_FARM=1", "NKS_MEMBER_KILLS=20", "NKS_SEED=" + n}, args: append(test(n, "./mq/jetstream", "-run", "TestMemberKilled|TestConformance_Cluster|TestQueue_Cluster"), "./cmd/nks")},
		{name: "doors", args: test(n, "./gateway/door/...")},
		{name: "signatures", every: 2, env: []string{"NKS_SIGNATURES=10000", "NKS_PEERS=1", "NKS_SEED=" + n}, args: test(n, "./gateway/door/rasp/xmldsig")},
		{name: "strangers", every: 2, env: []string{"NKS_PEERS=1"}, args: test(n, "./gateway/door/rasp", "-run", "TestStranger")},
		{name: "sftp", args: test(n, "./sftp/...")},
		{name: "bank cut anywhere", every: 2, env: []string{"NKS_FARM=1", "NKS_SEED=" + n}, args: test(n, "./gateway/banklink", "-run", "Cut")},
		{name: "mailbox cut anywhere", every: 4, env: []string{"NKS_FARM=1"}, args: test(n, "./sftp", "-run", "Sweep")},
		{name: "private server", args: test(n, "./gateway/postgres/server")},
		{name: "bank", args: test(n, "./sim/bank")},
		{name: "authority", args: test(n, "./sim/authority")},
		{name: "flow", env: []string{"NKS_FARM=1"}, args: test(n, "./flowtest")},
		{name: "program", every: 4, env: []string{"NKS_FARM=1"}, args: test(n, "./cmd/...", "-skip", "Crash|Lawful|Restore")},
		{name: "lawful", every: 2, env: []string{"NKS_FARM=1", "NKS_SEED=" + n}, args: test(n, "./cmd/nks", "-run", "Lawful")},
		{name: "contradicting banks", every: 2, env: []string{"NKS_FARM=1", "NKS_SEED=" + n}, args: test(n, "./cmd/nks-demo", "-run", "BankContradicts")},
		{name: "restore", every: 4, env: []string{"NKS_FARM=1", "NKS_RESTORES=10", "NKS_SEED=" + n}, args: test(n, "./cmd/nks-demo", "-run", "Restore")},
		{name: "restored flow", every: 2, env: []string{"NKS_RESTORES=50", "NKS_SEED=" + n}, args: test(n, "./flowtest", "-run", "Recover")},
		{name: "stops", every: 2, env: []string{"NKS_STOPS=10000", "NKS_SEED=" + n}, args: test(n, "./flowtest", "-run", "Stop_Races")},
		{name: "accounts", every: 2, env: []string{"NKS_SESSIONS=100", "NKS_EDITS=10000"}, args: test(n, "./register/accounts")},
		{name: "mutants", every: 4, args: []string{"make", "mutants"}},
		{name: "year", every: 4, env: []string{"NKS_FARM=1", "NKS_SEED=" + n}, args: test(n, "./flowtest/year", "-run", "Year$")},
		{name: "killed year", every: 4, env: []string{"NKS_FARM=1", "NKS_RESTORES=2", "NKS_SEED=" + n}, args: test(n, "./flowtest/year", "-run", "Year_Killed")},
		{name: "crash", every: 2, env: []string{"NKS_FARM=1", "NKS_SEED=" + n}, args: test(n, "./cmd/...", "-run", "Crash")},
	}
}

// test is a run of packages' tests in the order that the seed gives.
func test(seed, packages string, more ...string) []string {
	return append(append([]string{"go", "test", "-count=1", "-timeout=60m", "-shuffle=" + seed}, more...), packages)
}
