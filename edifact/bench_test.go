package edifact_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"nks/edifact"
	"nks/edifact/directory/d96a"
)

func sample() []byte {
	var b bytes.Buffer
	b.WriteString("UNA:+,? 'UNB+UNOC:3+A:14+B:14+050811:0605+1'UNH+1+PAYMUL:D:96A:UN'BGM+452'DTM+137:20050811:102'LIN+1'RFF+AEK:12'BUS++DO'MOA+9:100,00:DKK'FII+OR+123'")
	for n := 1; n <= 9999; n++ {
		fmt.Fprintf(&b, "SEQ++%d'MOA+9:%d,25:DKK'RFF+CR:00000001FAKTURA 2005-0815/00012345'PAI+::IBB:::UKA'FII+BF+0009876543+:::5432:80:130'NAD+BE+++J\xf8rgen B\xe6k+\xc5boulevarden 12+\xd8lby++4600+DK'PRC+11'FTX+PMD+++Boligst\xf8tte for august 2005:Journal 4711'", n, n*100)
	}
	b.WriteString("UNT+80001+1'UNZ+1+1'")
	return b.Bytes()
}

func BenchmarkValidate(b *testing.B) {
	d := sample()
	schema := edifact.NewSchema(d96a.Directory()).WithCodes(edifact.Codes{"4461": {Any: true}, "4435": {Any: true}})
	b.SetBytes(int64(len(d)))
	b.ReportAllocs()
	for b.Loop() {
		v := edifact.NewValidator(edifact.NewReader(bytes.NewReader(d), edifact.ReaderOptions{}), schema)
		for {
			_, err := v.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
