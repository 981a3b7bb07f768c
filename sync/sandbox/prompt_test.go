package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

func TestMetadataTypes(t *testing.T) {
	c := newClient(t, nil)
	a := c.create("A", "one")
	c.do(200, "POST", a+"/configs?publish=true", `{"system_prompt":"{n} {city} {user_name} {json: 1} {city}", "metadata_schema":[
		{"name":"s","type":"string"}, {"name":"n","type":"number"}, {"name":"i","type":"integer"}, {"name":"b","type":"boolean"},
		{"name":"l","type":"array"}, {"name":"o","type":"object"}, {"name":"city","required":true,"default":"Pune"},
		{"name":"e","enum_values":["x","y"]}]}`)
	for body, want := range map[string]string{
		`{}`: "[]",
		`{"s":"t","n":1.5,"i":2,"b":true,"l":[],"o":1,"e":"y"}`: "[]",
		`{"s":1}`: "[s: Expected string]",
		`{"n":"1","i":1.5,"b":"yes","l":{},"e":"z"}`: "[n: Expected number i: Expected integer b: Expected boolean l: Expected array e: Value is not one of the allowed values]",
		`{"i":"1"}`: "[i: Expected integer]",
	} {
		if got := fmt.Sprint(c.obj(200, "POST", a+"/configs/validate", body)["errors"]); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	got := c.obj(200, "POST", a+"/configs/render", `{"n":5}`)
	if got["rendered_system_prompt"] != "5 Pune "+noCustomer+" {json: 1} Pune" {
		t.Errorf("%v", got)
	}
	c.do(404, "POST", a+"/configs/render?version=9", `{}`)
	c.do(404, "POST", a+"/configs/validate?version=9", `{}`)
}

func TestBodiesThatAreNotRead(t *testing.T) {
	c := newClient(t, nil)
	c.do(400, "POST", "/api/login", "{\"email\":\"\xff\"}")
	c.do(413, "POST", "/api/login", strings.Repeat(" ", maxBody+1))
	c.do(422, "POST", "/api/login", `{"email":`)
	c.do(422, "POST", "/api/login", `{} {}`)
	c.do(422, "POST", "/api/agents/create", `{"agent_in":{"agent_name":" ","agent_type":"INBOUND"},"agent_config":{}}`)
	c.do(400, "POST", "/api/agents", `{}`)
	for _, token := range []string{"x", "a.b", "a.b.c", c.token + "x"} {
		c.token = token
		c.do(401, "GET", "/api/agents/", nil)
	}
}
