package diff

import (
	"testing"

	"github.com/agentsync/agentsync/internal/value"
)

// TestKeepWhole: what the lock holds of an agent's items reads back as it was.
func TestKeepWhole(t *testing.T) {
	outcome := object(t, `{"outcome_name":"lead","outcome_description":"a < b\u0085"}`)
	infield := object(t, `{"field_name":"loan","field_enum":["a","b"]}`)
	k, ok := Remembered{PutBack: Keep(&RemoteAgent{Outcomes: []value.Value{outcome}, Infields: []value.Value{infield}})}.kept()
	if !ok || len(k.Outcomes) != 1 || len(k.Infields) != 1 || !value.Equal(k.Outcomes[0], outcome) || !value.Equal(k.Infields[0], infield) {
		t.Errorf("%v, %s, %s", ok, value.Of(k.Outcomes).JSON(), value.Of(k.Infields).JSON())
	}
	if text := Keep(&RemoteAgent{}); text != `{"call_outcomes":[],"call_infields":[]}` {
		t.Error(text)
	}
}
