package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"nks/internal/programtest"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	program.Help(t, "demo", "send", "bench", "sim", "version")
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	dir, foreign := program.Place(t), program.Place(t)
	absent := filepath.Join(dir, "absent")
	must(t, os.WriteFile(filepath.Join(foreign, "thesis.doc"), nil, 0o644))
	program.Refuses(t, map[string]programtest.Wrong{
		"unknown command":           {{"pay"}, {`"pay"`, "nks-demo help"}},
		"command nearly":            {{"dmeo"}, {`did you mean "demo"?`}},
		"command of the gateway":    {{"ledger"}, {`"ledger"`}},
		"unknown flag":              {{"demo", "--forever"}, {"unknown flag --forever", "nks-demo demo --help"}},
		"flag nearly":               {{"demo", "--fersh"}, {"did you mean --fresh?"}},
		"value of another kind":     {{"demo", "--payments", "many"}, {"--payments", `"many"`, "must be a whole number"}},
		"negative seed":             {{"demo", "--seed", "-1"}, {"--seed", "must be a whole number, 0 or more"}},
		"too few payments":          {{"demo", "--payments", "0", "--data", dir}, {"--payments"}},
		"nothing to account for":    {{"demo", "--account", "--data", absent}, {absent}},
		"account and start over":    {{"demo", "--account", "--fresh", "--data", dir}, {"--account"}},
		"directory of someone else": {{"demo", "--fresh", "--data", foreign}, {"thesis.doc", "--data"}},
		"folder without samples":    {{"demo", "--samples", dir, "--data", dir}, {dir}},
		"reference without samples": {{"demo", "--reference", dir, "--data", dir}, {"--reference", "--samples"}},
		"word for the demo":         {{"demo", "now"}, {`"now"`}},
		"nothing to send":           {{"send", "--supplier", "A"}, {"FILE"}},
		"nobody to send as":         {{"send", absent}, {"--supplier"}},
		"no demonstration":          {{"send", "--data", dir, "--supplier", "A", absent}, {dir}},
		"no door to send by":        {{"send", "--via", "post", "--supplier", "A", absent}, {"must be one of sftp, mq"}},
		"message id that is none":   {{"send", "--via", "mq", "--as", " x", "--supplier", "A", absent}, {"--as"}},
		"no party":                  {{"sim"}, {"must be one of bank, ask, ledger, authority"}},
		"unknown party":             {{"sim", "king", "--dir", dir}, {`"king"`, "must be one of bank, ask, ledger, authority"}},
		"bank of nowhere":           {{"sim", "bank"}, {"nks-demo sim bank: ", "--dir", "--centre"}},
		"ledger of nowhere":         {{"sim", "ledger"}, {"nks-demo sim ledger: ", "--dir", "--centre"}},
		"ledger of no centre":       {{"sim", "ledger", "--dir", absent, "--centre", "BEC"}, {absent}},
		"authority of nowhere":      {{"sim", "authority", "--dir", dir}, {"nks-demo sim authority: ", "--supplier", "--mailbox"}},
		"another door":              {{"sim", "authority", "--dir", dir, "--supplier", "A", "--mailbox", "x:1", "--via", "post"}, {"must be one of sftp, mq"}},
		"queue of nowhere":          {{"sim", "authority", "--dir", dir, "--supplier", "A", "--mailbox", "x:1", "--via", "mq"}, {"--mq"}},
		"no history":                {{"bench", "--history", "0"}, {"--history"}},
		"too many payments":         {{"bench", "--payments", "3000000"}, {"--payments"}},
		"a word":                    {{"bench", "fast"}, {`"fast"`}},
		"docs without out":          {{"bench", "--docs", "docs"}, {"--docs", "--out"}},
		"report of nowhere":         {{"bench", "--report"}, {"--report", "--docs"}},
		"results not there":         {{"bench", "--report", "--out", "/nonexistent/results.jsonl", "--docs", "/nonexistent"}, {"/nonexistent"}},
		"no round":                  {{"bench", "--rounds", "0"}, {"--rounds"}},
		"gateway of nowhere":        {{"bench", "gateway", "/nonexistent/nks.toml"}, {"/nonexistent/nks.toml"}},
	})
	nksDemo(t).Want(t, 2)
}
