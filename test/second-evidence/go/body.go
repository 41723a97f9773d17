package main

import (
	"regexp"
	"strings"
	"time"
)

func orderOf(intent object) object {
	ticket, _ := intent["ticket"].(object)
	order, _ := ticket["order"].(object)
	return order
}

// asSent: how a member of what was posted compares; a JSON number by its RFC 8785 spelling.
func asSent(v interface{}) interface{} {
	switch x := v.(type) {
	case nil, string:
		return x
	default:
		return canonical(x)
	}
}

var endZeros = regexp.MustCompile(`\.?0+$`)

// amount: an intent's decimal text without zeros at its end; nil where there is none.
func amount(v interface{}) interface{} {
	s, ok := v.(string)
	if !ok {
		return nil
	}
	if strings.Contains(s, ".") {
		return endZeros.ReplaceAllString(s, "")
	}
	return s
}

func wanted(order, leg object, at int, coid string) object {
	contract, _ := leg["contract"].(object)
	w := object{
		"acctId": order["account_id"], "conid": asSent(contract["conid"]), "side": leg["side"], "orderType": leg["order_type"],
		"tif": leg["time_in_force"], "outsideRTH": asSent(leg["outside_rth"]), "quantity": amount(leg["quantity"]),
		"cashQty": amount(leg["cash_quantity"]), "price": nil, "auxPrice": nil, "trailingAmt": nil, "trailingType": nil,
	}
	switch leg["order_type"] {
	case "LMT", "MIDPRICE":
		w["price"] = amount(leg["limit_price"])
	case "STOP_LIMIT", "TRAILLMT":
		w["price"], w["auxPrice"] = amount(leg["limit_price"]), amount(leg["stop_price"])
	case "STP", "TRAIL":
		w["price"] = amount(leg["stop_price"])
	}
	if trailing, ok := leg["trailing"].(object); ok {
		w["trailingAmt"], w["trailingType"] = amount(trailing["offset"]), "%"
		if trailing["unit"] == "amount" {
			w["trailingType"] = "amt"
		}
	}
	switch {
	case order["action"] != "place":
	case order["structure"] == "oca":
		w["cOID"] = coid + "-" + string(rune('a'+at))
	case order["structure"] == "bracket" && leg["role"] != "entry":
		w["cOID"], w["parentId"] = nil, coid
	default:
		w["cOID"] = coid
	}
	return w
}

func (x *evidence) checkBody(body string) {
	const differs = "STATEMENT_DIFFERS"
	v, ok := parseLoose(body)
	posted := []interface{}{v}
	if o, isObject := v.(object); isObject {
		if list, isList := o["orders"].([]interface{}); isList {
			posted = list
		}
	}
	order := orderOf(x.intent)
	legs, _ := order["legs"].([]interface{})
	need(ok && len(legs) > 0 && len(posted) == len(legs), differs, "another number of orders was sent")
	for i := range legs {
		leg, _ := legs[i].(object)
		sent, ok := posted[i].(object)
		need(ok, differs, "what was sent is no order")
		for name, want := range wanted(order, leg, i, text(x.meta, "coid")) {
			got := asSent(sent[name])
			if conidex, isText := sent["conidex"].(string); name == "conid" && isText {
				got = strings.SplitN(conidex, "@", 2)[0]
			}
			need(got == want, differs, name+" was sent otherwise than approved")
		}
	}
}

func moment(v interface{}) (time.Time, bool) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

func (x *evidence) checkMandate(v interface{}) {
	m, _ := v.(object)
	from, a := moment(m["not_before"])
	until, b := moment(m["not_after"])
	inForce := a && b
	if sent, ok := x.e["sent"].(object); ok {
		body, _ := sent["body"].(object)
		at, ok := moment(body["sent_at"])
		inForce = inForce && ok && !at.Before(from) && at.Before(until)
	}
	accounts, _ := m["accounts"].([]interface{})
	named := false
	for _, account := range accounts {
		named = named || account == orderOf(x.intent)["account_id"]
	}
	named = named && m["gateway_account_id"] == x.intent["gateway_account_id"]
	need(inForce && named, "APPROVER_DIFFERS", "the standing approval does not cover this order")
}
