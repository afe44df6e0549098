// Signs messages with npm's xml-crypto, and with npm's soap: sign.mjs KEY CERTIFICATE CREATED FILE...
// A message has its Timestamp and its token put into an o:Security at the end of the header.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/');
const { WSSecurityCert } = require('soap');
const { SignedXml } = require('xml-crypto');
const [keyFile, certificateFile, created, ...files] = process.argv.slice(2);
const key = readFileSync(keyFile), certificate = readFileSync(certificateFile, 'utf8');
const token = certificate.replace(/-----[^-]*-----|\s/g, '');
const expires = new Date(Date.parse(created) + 300000).toISOString();
const c14n = 'http://www.w3.org/2001/10/xml-exc-c14n#', sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const rsa = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const wsu = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const x509 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3';
const headers = ['Sequence', 'Action', 'MessageID', 'ReplyTo', 'To', 'MessageIdentifier', 'SenderPartyIdentifier',
  'SenderPartyIdentifierType', 'ReceiverPartyIdentifier', 'ReceiverPartyIdentifierType'];

for (const file of files) {
  const message = readFileSync(file, 'utf8');
  const security = `<o:Security xmlns:o="${wsse}" s:mustUnderstand="1"><u:Timestamp><u:Created>${created}</u:Created>` +
    `<u:Expires>${expires}</u:Expires></u:Timestamp><o:BinarySecurityToken u:Id="token" ValueType="${x509}" ` +
    `EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary">${token}` +
    '</o:BinarySecurityToken></o:Security></s:Header>';
  const signer = new SignedXml({
    idMode: 'wssecurity', privateKey: key, signatureAlgorithm: rsa, canonicalizationAlgorithm: c14n,
    getKeyInfoContent: () => `<o:SecurityTokenReference xmlns:o="${wsse}"><o:Reference URI="#token" ValueType="${x509}"/></o:SecurityTokenReference>`,
  });
  const reference = (xpath, prefixes) => signer.addReference({ xpath, transforms: [c14n], digestAlgorithm: sha256, inclusiveNamespacesPrefixList: prefixes });
  reference(`/*/*[local-name()='Body']`, ['s', 'a', 'u']);
  reference(`//*[local-name()='Timestamp']`, []);
  headers.forEach((name, i) => reference(`/*/*/*[local-name()='${name}']`, i % 2 ? ['s', 'r'] : []));
  signer.computeSignature(message.replace('</s:Header>', security), {
    location: { reference: `//*[local-name()='Security']`, action: 'append' }, existingPrefixes: { wsu },
  });
  writeFileSync(file + '.signed', signer.getSignedXml());

  const soap = new WSSecurityCert(key, certificate, '', {
    hasTimeStamp: true, signatureAlgorithm: rsa, digestAlgorithm: sha256,
    additionalReferences: headers.map((h, i) => (i === 0 ? 'r:' : i < 5 ? 'a:' : '') + h),
  });
  writeFileSync(file + '.soap', soap.postProcess(message, 's'));
}
