package gateway_test

import (
	"testing"

	"nks/gateway"
)

// strandeds is money that has nowhere to go in every combination of what decides about it.
func strandeds() (all []gateway.Stranded) {
	reasons := []gateway.Unpaid{"", gateway.UnpaidNoAccount, gateway.UnpaidEmigrated, gateway.UnpaidNoFallback, gateway.UnpaidUnknown, gateway.UnpaidCeased}
	yesNo := []bool{false, true}
	for _, cause := range gateway.Causes() {
		for _, why := range reasons {
			if cause == gateway.CauseNoAccount && why == "" {
				continue // it has an account, and is paid
			}
			for _, address := range yesNo {
				for _, cheques := range yesNo {
					for _, always := range yesNo {
						for _, again := range yesNo {
							for _, over := range yesNo {
								all = append(all, gateway.Stranded{Cause: cause, Unpaid: why, Address: address, Cheques: cheques, ReturnAlways: always, Again: again, Over: over})
							}
						}
					}
				}
			}
		}
	}
	return all
}

// choices is every choice with every fall-back.
func choices() []string {
	const account = " 30010000410199"
	return []string{"return", "cheque else return", "cheque else error_account" + account, "error_account" + account, "hold 10 else return", "hold 10 else cheque",
		"hold 10 else error_account" + account}
}

// TestSettle goes through every choice, cause, recipient, address, bank, bundle's word, attempt and hold: 2,240 cases and more, each
// judged by what must hold of it. // B25.4 // B35-36 // G-faulty
func TestSettle(t *testing.T) {
	t.Parallel()
	met := map[gateway.Settlement]int{}
	for _, text := range choices() {
		choice, err := gateway.ParseChoice(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range strandeds() {
			does, why := gateway.Settle(choice, s)
			met[does]++
			if wrong := wrongSettlement(choice, s, does, why); wrong != "" {
				t.Errorf("%s, %+v: %s for %q: %s", text, s, does, why, wrong)
			}
			if does != gateway.SettleReturn && why == gateway.UnpaidAgain {
				t.Errorf("%s, %+v: again", text, s)
			}
		}
	}
	for _, does := range []gateway.Settlement{gateway.SettleReturn, gateway.SettleCheque, gateway.SettleError, gateway.SettleAccount, gateway.SettleWait} {
		if met[does] < 10 {
			t.Errorf("%s: %d times", does, met[does])
		}
	}
}

// wrongSettlement is what speaks against a settlement; empty: nothing.
func wrongSettlement(c gateway.StandingChoice, s gateway.Stranded, does gateway.Settlement, why gateway.Unpaid) string {
	noCause := s.Cause == gateway.CauseNoAccount
	notDue := noCause && (s.Unpaid == gateway.UnpaidUnknown || s.Unpaid == gateway.UnpaidCeased)
	dead := s.Unpaid == gateway.UnpaidUnknown || s.Unpaid == gateway.UnpaidCeased
	chequeMay := s.Address && s.Cheques && !dead && s.Unpaid != gateway.UnpaidNoFallback
	ends := notDue || noCause && s.ReturnAlways || s.Again
	waits := c.Does == gateway.HoldForAccount && !ends && s.Unpaid != "" && !s.Over && !dead
	arrived := c.Does == gateway.HoldForAccount && !ends && s.Unpaid == ""
	wantsCheque := !ends && !waits && !arrived && (c.Does == gateway.SendCheque || c.Otherwise == gateway.SendCheque)
	toError := !ends && !waits && !arrived && c.Account != "" && (c.Does != gateway.SendCheque || !chequeMay)
	want := gateway.SettleReturn
	switch {
	case waits:
		want = gateway.SettleWait
	case arrived:
		want = gateway.SettleAccount
	case wantsCheque && chequeMay:
		want = gateway.SettleCheque
	case toError:
		want = gateway.SettleError
	}
	switch {
	case does != want:
		return "want " + string(want)
	case ends && !notDue && !(noCause && s.ReturnAlways) && why != gateway.UnpaidAgain:
		return "what failed again is not told to have"
	case noCause && does == gateway.SettleReturn && why == "":
		return "no reason"
	case c.Does == gateway.SendCheque && !ends && does != gateway.SettleCheque && why == "":
		return "no reason why there is no cheque"
	case does == gateway.SettleCheque && c.Does == gateway.SendCheque && why != "":
		return "a reason for what was chosen"
	}
	return ""
}

// TestParseChoice: what is chosen is read as it is written, and nothing else is.
func TestParseChoice(t *testing.T) {
	t.Parallel()
	for _, text := range choices() {
		c, err := gateway.ParseChoice(text)
		if err != nil || c.String() != text {
			t.Errorf("%q: %q, %v", text, c, err)
		}
	}
	for _, text := range []string{"", "keep", "return 1", "return else cheque", "cheque", "cheque else", "cheque else cheque", "cheque else hold 3", "error_account", "error_account 123",
		"error_account 3001000041019x", "error_account 00000000000000", "hold", "hold 0 else return", "hold 251 else return", "hold 010 else return", "hold x else return", "hold 10", "hold 10 else",
		"hold 10 else hold 5 else return", "hold 10 else error_account", "cheque  else return", "return ", "hold 10 else return 30010000410199"} {
		if c, err := gateway.ParseChoice(text); err == nil {
			t.Errorf("%q is read as %q", text, c)
		}
	}
}

// TestStandingChoices_For: a choice for the benefit type goes before that for all, and both before the agreement's word.
func TestStandingChoices_For(t *testing.T) {
	t.Parallel()
	all := gateway.StandingChoices{
		{Version: 1, Authority: "A", Cause: gateway.CauseNoAccount, Does: gateway.HoldForAccount},
		{Version: 2, Authority: "A", BenefitType: "Y", Cause: gateway.CauseNoAccount, Does: gateway.SendCheque},
		{Version: 3, Authority: "B", BenefitType: "Y", Cause: gateway.CauseCameBack, Does: gateway.ToErrorAccount},
	}
	for _, c := range []struct {
		authority, benefit string
		cause              gateway.Cause
		agreement          gateway.Choice
		version            int64
		does               gateway.Choice
	}{
		{"A", "Y", gateway.CauseNoAccount, gateway.ReturnToSender, 2, gateway.SendCheque},
		{"A", "Z", gateway.CauseNoAccount, gateway.SendCheque, 1, gateway.HoldForAccount},
		{"A", "", gateway.CauseNoAccount, gateway.SendCheque, 1, gateway.HoldForAccount},
		{"A", "Y", gateway.CauseCameBack, gateway.SendCheque, 0, gateway.ReturnToSender},
		{"B", "Y", gateway.CauseCameBack, gateway.SendCheque, 3, gateway.ToErrorAccount},
		{"B", "Z", gateway.CauseCameBack, gateway.SendCheque, 0, gateway.ReturnToSender},
		{"B", "Y", gateway.CauseNoAccount, gateway.SendCheque, 0, gateway.SendCheque},
		{"B", "Y", gateway.CauseNoAccount, gateway.ReturnToSender, 0, gateway.ReturnToSender},
	} {
		if got := all.For(c.authority, c.benefit, c.cause, c.agreement); got.Version != c.version || got.Does != c.does {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}
