import java.io.File;
import java.io.FileInputStream;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.ws.security.WSEncryptionPart;
import org.apache.ws.security.WSConstants;
import org.apache.ws.security.WSSecurityEngine;
import org.apache.ws.security.components.crypto.Merlin;
import org.apache.ws.security.message.WSSecHeader;
import org.apache.ws.security.message.WSSecSignature;
import org.apache.ws.security.message.WSSecTimestamp;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Signs and verifies messages with WSS4J: Peer sign|verify KEYSTORE FILE... ; the key's name is "k", the password "pw". */
public class Peer {
    public static void main(String[] args) throws Exception {
        Merlin crypto = new Merlin();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(args[1])) {
            store.load(in, "pw".toCharArray());
        }
        crypto.setKeyStore(store);
        for (int i = 2; i < args.length; i++) {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            Document doc = factory.newDocumentBuilder().parse(new File(args[i]));
            if (args[0].equals("sign")) {
                sign(doc, crypto);
                Transformer t = TransformerFactory.newInstance().newTransformer();
                t.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
                t.transform(new DOMSource(doc), new StreamResult(new File(args[i] + ".signed")));
                continue;
            }
            try {
                int results = new WSSecurityEngine().processSecurityHeader(doc, null, null, crypto).size();
                System.out.println(results + " verified");
            } catch (Exception e) {
                System.out.println("refused: " + e);
            }
        }
    }

    private static void sign(Document doc, Merlin crypto) throws Exception {
        WSSecHeader header = new WSSecHeader();
        header.insertSecurityHeader(doc);
        new WSSecTimestamp().build(doc, header);
        WSSecSignature signature = new WSSecSignature();
        signature.setUserInfo("k", "pw");
        signature.setKeyIdentifierType(WSConstants.BST_DIRECT_REFERENCE);
        signature.setSignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
        signature.setDigestAlgo("http://www.w3.org/2001/04/xmlenc#sha256");
        List<WSEncryptionPart> parts = new ArrayList<>();
        for (Node n = header.getSecurityHeader().getParentNode().getFirstChild(); n != null; n = n.getNextSibling()) {
            if (n instanceof Element && n != header.getSecurityHeader()) {
                parts.add(new WSEncryptionPart(n.getLocalName(), n.getNamespaceURI(), "Element"));
            }
        }
        parts.add(new WSEncryptionPart("Body", doc.getDocumentElement().getNamespaceURI(), "Element"));
        parts.add(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, "Element"));
        signature.setParts(parts);
        signature.build(doc, crypto, header);
    }
}
