"""English."""

from __future__ import annotations

from typing import Final

from .language import Language, Topic

__all__ = ["ENGLISH"]

_NATO: Final = (
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november "
    "oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu"
)
_SOUNDS: Final = {"bee": "B", "dee": "D", "gee": "G", "jay": "J", "kay": "K", "zee": "Z", "zed": "Z"}
_UNITS: Final = "zero one two three four five six seven eight nine"
_PLURALS: Final = "zeros ones twos threes fours fives sixes sevens eights nines"
_TEENS: Final = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_MONTHS: Final = "january february march april may june july august september october november december"
_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)

_LABELS: Final = {
    Topic.CARD: (
        "card|cards|credit card|debit card|card number|visa|mastercard|master card|amex|american express|"
        "discover|maestro|long number|sixteen digits|16 digits|pan|prepaid"
    ),
    Topic.CARD_CODE: (
        "security code|cvv|cvc|cvv2|c v v|c v c|csc|verification code|three digits on the back|"
        "three digits|three digit code|three digit number|code on the back|code on the card|"
        "number on the back|digits on the back|card code"
    ),
    Topic.PHONE: (
        "phone|phone number|telephone|mobile|cell|cellphone|cell phone|call me|reach me|callback|"
        "call back|text me|landline|contact number|area code|ring me|fax|whatsapp|my number|"
        "country code|dialing code|dialling code|dial code"
    ),
    Topic.EMAIL: "email|e mail|mail address|email address|mail me",
    Topic.NATIONAL_ID: (
        "social|social security|ssn|national insurance|insurance number|nino|sin|social insurance|nhs|"
        "national id|identity number|id number|tax id|taxpayer|passport|dni|nie|cpf|pesel|aadhaar|"
        "bsn|steuer|nir|codice fiscale|driver license|drivers license|driving license|driving licence"
    ),
    Topic.IBAN: "iban|i ban|bank account|account number|sort code|routing number|account",
    Topic.BIRTH_DATE: (
        "born|date of birth|birth date|birthdate|birthday|dob|d o b|birth|"
        # as in other languages, of which written dates are read
        "geboren|geburtsdatum|geburtstag|date de naissance|naissance|née|né le|"
        "fecha de nacimiento|nacimiento|"
        "nacido|nacida|data di nascita|nascita|nato il|nata il|geboortedatum|data de nascimento|nascimento|"
        "nascido|nascida|data urodzenia|urodzony|urodzona"
    ),
    Topic.HARMLESS: (
        "order|order number|order id|room|room number|invoice|ticket|reference|reference number|ref|"
        "confirmation|confirmation number|confirmation code|tracking|tracking number|flight|extension|zip|"
        "zip code|"
        "postcode|postal code|case|case number|model|serial|serial number|part number|part|version|item|"
        "booking|booking number|claim|claim number|page|gate|seat|building|apartment|apt|suite|floor|"
        "train|bus|route|highway|platform|unit|error|error code|product code|sku|code|quantity|"
        "price|total|cost|costs|paid|pay|worth|balance|amount|invoice number|batch|shipment|parcel|"
        "meter reading|reading|population|score|policy number|request|request number|ticket number|"
        "job number|locker|box|table|channel|chapter|article|asset|catalog number|catalogue number|quote|"
        "quote number|lot|lot number|barcode|bar code|isbn|vin|ending in|ends in|ending with|year"
    ),
}

_FILLERS: Final = """
uh um er erm hmm hm mm mhm uhm ah ok okay yeah yes yep right so and then dash hyphen space next
that's thats like well comma dot sorry let me see followed by again is it's its
"""
_GROUPS: Final = """
digits digit numbers group block set are is of the with ends end finally at
"""
_RANKS: Final = """
first second third fourth last next final other rest remaining
"""
_UNITS_AFTER: Final = """
dollar dollars bucks euro euros pound pounds quid cent cents pence percent minute minutes hour hours
day days week weeks month months year years mile miles kilometer kilometers meter meters metre
metres feet foot inch inches kilo kilos kilograms grams pounds lbs items pieces units people users
customers boxes copies points degrees megabytes gigabytes gigs watts volts calories rupees yen am pm
a.m p.m o'clock oclock times steps calls square horsepower employees tons litres liters gallons
street avenue road drive lane boulevard st ave thousand million billion hundred grand each apiece
words rows seats tickets orders bottles packs cases emails messages
"""
_AMOUNT_BEFORE: Final = """
about over under nearly almost roughly approximately for of exactly only
"""
_MAIL_STOPS: Final = """
is it's its that's thats my email mail e address to me the an a send sent reach contact name and use
on by from under yes yeah sure okay ok so it would be write us at you can could please her his their
our was i'm im have has with as for in uh um er well hi hello just copy cc also or of your get gets
now then here's here thanks account login user username one's this i he she they we them him correct
still not but no one moment second minute hold wait
thank sir madam are was were know got will new old work personal it'll
"""
_MAIL_HOSTS: Final = """
gmail hotmail yahoo icloud aol protonmail msn gmx outlook googlemail fastmail ymail btinternet
"""
_MAIL_ASIDES: Final = (
    "no spaces|no space|all one word|one word|all lowercase|all lower case|lowercase|lower case|in lowercase|"
    "in lower case|uppercase|upper case|all caps|all small letters|no dots|no capitals|that is|that's"
)
_LOOKERS: Final = """
look looks looked looking shop shops shopped shopping bought buy buying ordered ordering visit visited
us online found see seen saw check checked book booked stay stayed website site
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH: Final = Language(
    code="en",
    units={word: digit for digit, word in enumerate(_UNITS.split())}
    | {"nought": 0, "naught": 0, "nil": 0, "aught": 0, "niner": 9, "fife": 5},
    weak_units={"oh": 0, "o": 0},
    homophones={"for": 4, "fore": 4, "to": 2, "too": 2, "won": 1, "ate": 8, "tree": 3},
    teens={word: 10 + at for at, word in enumerate(_TEENS.split())},
    tens={word: 20 + 10 * at for at, word in enumerate(_TENS.split())} | {"fourty": 40},
    repeats={"double": 2, "triple": 3, "treble": 3, "quadruple": 4},
    plurals={word: digit for digit, word in enumerate(_PLURALS.split())} | {"zeroes": 0, "ohs": 0},
    times=frozenset({"times"}),
    hundred=frozenset({"hundred"}),
    thousands=frozenset({"thousand", "million", "billion", "grand"}),
    letters={word: word[0].upper() for word in _NATO.split()} | _SOUNDS,
    as_in=(("as", "in"), ("for",), ("like",), ("like", "in")),
    fillers=_words(_FILLERS),
    groups=_words(_GROUPS) | _words(_RANKS),
    ranks=_words(_RANKS),
    months={word: number for number, word in enumerate(_MONTHS.split(), 1)}
    | {word[:3]: number for number, word in enumerate(_MONTHS.split(), 1)}
    | {"sept": 9},
    verbs=_words("may march mar"),
    date_parts=_words("day month year"),
    ordinals={word: number for number, word in enumerate(_ORDINALS.split(), 1)} | {"thirtieth": 30},
    labels={tuple(words.split()): topic for topic, text in _LABELS.items() for words in text.split("|")},
    units_after=_words(_UNITS_AFTER),
    prices=_words("price total cost costs paid pay worth balance amount quantity"),
    time_before=_words("at around by before until till after from past since"),
    amount_before=_words(_AMOUNT_BEFORE),
    year_before=_words("in since year of during from until by back around late early"),
    at=frozenset({"at"}),
    dots=frozenset({"dot", "period", "point"}),
    joiners={"underscore": "_", "dash": "-", "hyphen": "-", "plus": "+", "minus": "-", "under score": "_"},
    mail_stops=_words(_MAIL_STOPS),
    mail_hosts=_words(_MAIL_HOSTS),
    mail_asides=frozenset(tuple(words.split()) for words in _MAIL_ASIDES.split("|")),
    lookers=_words(_LOOKERS),
)
