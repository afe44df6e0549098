package nksxml

// Namespaces of the documents. nks-domain §3.
const (
	nsNKS   = "http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/"
	nsEBMS  = "http://rep.oio.dk/oes.dk/nemkonto.ebms/xml/schemas/2006/05/01/"
	nsSWIFT = "http://rep.oio.dk/oes.dk/nemkonto.swift/xml/schemas/2006/05/01/"
	nsXSI   = "http://www.w3.org/2001/XMLSchema-instance"
)

// symbol is an element that the documents know; 0 is every other one.
type symbol uint8

const (
	_ symbol = iota

	elNKSPayment
	elNKSReceipt0
	elNKSReceipt1
	elNKSResponse2
	elNKSResponse5
	elNKSResponse7
	elNKSResponse8
	elNKSResponse9
	elAnswerHeader // nks:MessageHeader, of answers
	elGnlInf
	elOrgnlGrpRefInfAndSts
	elOrgnlPmtInf

	elMessageHeader // ebms:MessageHeader, of payments
	elFrom
	elTo
	elPartyId
	elAction
	elMessageData
	elMessageId
	elTimestamp
	elRefToMessageId
	elErrorList
	elError
	elDescription

	elGrpHdr
	elGrpId
	elCreDtTm
	elAuthstn
	elCtrlSum
	elNbOfTxs
	elGrpg
	elInitgPty
	elOrgId
	elPrtryId
	elId
	elIssr
	elInstrNks
	elCd
	elAddtInf
	elPmtInf
	elReqdExctnDt
	elPmtMtdByFrstAgt
	elCdtTrfTpId
	elLclInstrm
	elDbtr
	elBkPtyId
	elDbtrAcct
	elBBAN
	elDbtPurp
	elPmtTx
	elPmtId
	elInstrId
	elEndToEndId
	elPurp
	elPrtry
	elAmt
	elInstdAmt
	elEqvtAmt
	elCcyOfTrf
	elCdtr
	elNm
	elPstlAdr
	elAdrLine
	elPstCd
	elTwnNm
	elCtry
	elPrvtId
	elSclSctyNb
	elTaxIdNb
	elCdtrAcct
	elIBAN
	elFnlAgt
	elFinInstnId
	elBIC
	elClrSysMmbId
	elDEBLZ
	elChrgBr
	elInstrForFnlAgt
	elInstrForFrstAgt
	elRmtInf
	elUstrd
	elStrd
	elCdtrRef
	elDocRefNb
	elIncompletePaymentIndicator
	elBenefitType

	elPmtInitnStsId
	elOrgnlMsgTp
	elGrpSts
	elStsRsn
	elAddtlInf
	elOrgnlTxRefInfAndSts
	elTxSts
	elOrgnlTxInf
)

// qualified is an expanded name.
type qualified struct{ uri, local string }

// elements is every element by its symbol.
var elements = [...]qualified{
	elNKSPayment:           {nsNKS, "NKSPayment"},
	elNKSReceipt0:          {nsNKS, "NKSReceipt0"},
	elNKSReceipt1:          {nsNKS, "NKSReceipt1"},
	elNKSResponse2:         {nsNKS, "NKSResponse2"},
	elNKSResponse5:         {nsNKS, "NKSResponse5"},
	elNKSResponse7:         {nsNKS, "NKSResponse7"},
	elNKSResponse8:         {nsNKS, "NKSResponse8"},
	elNKSResponse9:         {nsNKS, "NKSResponse9"},
	elAnswerHeader:         {nsNKS, "MessageHeader"},
	elGnlInf:               {nsNKS, "GnlInf"},
	elOrgnlGrpRefInfAndSts: {nsNKS, "OrgnlGrpRefInfAndSts"},
	elOrgnlPmtInf:          {nsNKS, "OrgnlPmtInf"},

	elMessageHeader:  {nsEBMS, "MessageHeader"},
	elFrom:           {nsEBMS, "From"},
	elTo:             {nsEBMS, "To"},
	elPartyId:        {nsEBMS, "PartyId"},
	elAction:         {nsEBMS, "Action"},
	elMessageData:    {nsEBMS, "MessageData"},
	elMessageId:      {nsEBMS, "MessageId"},
	elTimestamp:      {nsEBMS, "Timestamp"},
	elRefToMessageId: {nsEBMS, "RefToMessageId"},
	elErrorList:      {nsEBMS, "ErrorList"},
	elError:          {nsEBMS, "Error"},
	elDescription:    {nsEBMS, "Description"},

	elGrpHdr:                     {nsSWIFT, "GrpHdr"},
	elGrpId:                      {nsSWIFT, "GrpId"},
	elCreDtTm:                    {nsSWIFT, "CreDtTm"},
	elAuthstn:                    {nsSWIFT, "Authstn"},
	elCtrlSum:                    {nsSWIFT, "CtrlSum"},
	elNbOfTxs:                    {nsSWIFT, "NbOfTxs"},
	elGrpg:                       {nsSWIFT, "Grpg"},
	elInitgPty:                   {nsSWIFT, "InitgPty"},
	elOrgId:                      {nsSWIFT, "OrgId"},
	elPrtryId:                    {nsSWIFT, "PrtryId"},
	elId:                         {nsSWIFT, "Id"},
	elIssr:                       {nsSWIFT, "Issr"},
	elInstrNks:                   {nsSWIFT, "InstrNks"},
	elCd:                         {nsSWIFT, "Cd"},
	elAddtInf:                    {nsSWIFT, "AddtInf"},
	elPmtInf:                     {nsSWIFT, "PmtInf"},
	elReqdExctnDt:                {nsSWIFT, "ReqdExctnDt"},
	elPmtMtdByFrstAgt:            {nsSWIFT, "PmtMtdByFrstAgt"},
	elCdtTrfTpId:                 {nsSWIFT, "CdtTrfTpId"},
	elLclInstrm:                  {nsSWIFT, "LclInstrm"},
	elDbtr:                       {nsSWIFT, "Dbtr"},
	elBkPtyId:                    {nsSWIFT, "BkPtyId"},
	elDbtrAcct:                   {nsSWIFT, "DbtrAcct"},
	elBBAN:                       {nsSWIFT, "BBAN"},
	elDbtPurp:                    {nsSWIFT, "DbtPurp"},
	elPmtTx:                      {nsSWIFT, "PmtTx"},
	elPmtId:                      {nsSWIFT, "PmtId"},
	elInstrId:                    {nsSWIFT, "InstrId"},
	elEndToEndId:                 {nsSWIFT, "EndToEndId"},
	elPurp:                       {nsSWIFT, "Purp"},
	elPrtry:                      {nsSWIFT, "Prtry"},
	elAmt:                        {nsSWIFT, "Amt"},
	elInstdAmt:                   {nsSWIFT, "InstdAmt"},
	elEqvtAmt:                    {nsSWIFT, "EqvtAmt"},
	elCcyOfTrf:                   {nsSWIFT, "CcyOfTrf"},
	elCdtr:                       {nsSWIFT, "Cdtr"},
	elNm:                         {nsSWIFT, "Nm"},
	elPstlAdr:                    {nsSWIFT, "PstlAdr"},
	elAdrLine:                    {nsSWIFT, "AdrLine"},
	elPstCd:                      {nsSWIFT, "PstCd"},
	elTwnNm:                      {nsSWIFT, "TwnNm"},
	elCtry:                       {nsSWIFT, "Ctry"},
	elPrvtId:                     {nsSWIFT, "PrvtId"},
	elSclSctyNb:                  {nsSWIFT, "SclSctyNb"},
	elTaxIdNb:                    {nsSWIFT, "TaxIdNb"},
	elCdtrAcct:                   {nsSWIFT, "CdtrAcct"},
	elIBAN:                       {nsSWIFT, "IBAN"},
	elFnlAgt:                     {nsSWIFT, "FnlAgt"},
	elFinInstnId:                 {nsSWIFT, "FinInstnId"},
	elBIC:                        {nsSWIFT, "BIC"},
	elClrSysMmbId:                {nsSWIFT, "ClrSysMmbId"},
	elDEBLZ:                      {nsSWIFT, "DEBLZ"},
	elChrgBr:                     {nsSWIFT, "ChrgBr"},
	elInstrForFnlAgt:             {nsSWIFT, "InstrForFnlAgt"},
	elInstrForFrstAgt:            {nsSWIFT, "InstrForFrstAgt"},
	elRmtInf:                     {nsSWIFT, "RmtInf"},
	elUstrd:                      {nsSWIFT, "Ustrd"},
	elStrd:                       {nsSWIFT, "Strd"},
	elCdtrRef:                    {nsSWIFT, "CdtrRef"},
	elDocRefNb:                   {nsSWIFT, "DocRefNb"},
	elIncompletePaymentIndicator: {nsSWIFT, "IncompletePaymentIndicator"},
	elBenefitType:                {nsSWIFT, "BenefitType"},

	elPmtInitnStsId:       {nsSWIFT, "PmtInitnStsId"},
	elOrgnlMsgTp:          {nsSWIFT, "OrgnlMsgTp"},
	elGrpSts:              {nsSWIFT, "GrpSts"},
	elStsRsn:              {nsSWIFT, "StsRsn"},
	elAddtlInf:            {nsSWIFT, "AddtlInf"},
	elOrgnlTxRefInfAndSts: {nsSWIFT, "OrgnlTxRefInfAndSts"},
	elTxSts:               {nsSWIFT, "TxSts"},
	elOrgnlTxInf:          {nsSWIFT, "OrgnlTxInf"},
}

// symbols finds an element's symbol.
var symbols = func() map[qualified]symbol {
	m := make(map[qualified]symbol, len(elements))
	for i, e := range elements {
		m[e] = symbol(i)
	}
	delete(m, qualified{})
	return m
}()
