package nksxml

// Limits bound what a document can make the reader hold or do. A field that is zero stands for its default.
type Limits struct {
	Bytes      int64 // size of the whole document; default 1 GiB
	Depth      int   // nested elements; default 32
	Text       int   // bytes of text in one element; default 16 KiB
	Name       int   // bytes of an element, attribute or target name; default 128
	Attributes int   // attributes of one element, namespace declarations included; default 32
}

func (l Limits) withDefaults() Limits {
	def := Limits{Bytes: 1 << 30, Depth: 32, Text: 16 << 10, Name: 128, Attributes: 32}
	if l.Bytes > 0 {
		def.Bytes = l.Bytes
	}
	if l.Depth > 0 {
		def.Depth = l.Depth
	}
	if l.Text > 0 {
		def.Text = l.Text
	}
	if l.Name > 0 {
		def.Name = l.Name
	}
	if l.Attributes > 0 {
		def.Attributes = l.Attributes
	}
	return def
}
