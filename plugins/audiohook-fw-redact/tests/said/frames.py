"""The sentences around personal data."""

from __future__ import annotations

FRAMES = {
    "card": [
        "Sure, it's {}",
        "My card number is {}.",
        "Okay so that is {}, and it expires in June",
        "{}",
        "The Visa, {} please",
        "Yes I'd like to pay with {} if that works",
        "You can charge it to {}, thanks",
        "I have it here, let me read it to you, {} got it?",
        "The long number on the front is {}",
    ],
    "phone": [
        "You can reach me at {}",
        "My phone number is {}.",
        "Call me back on {} after six please",
        "It's {}",
        "My mobile, that's {}",
        "The best number would be {}, thank you",
        "Yeah {} is my cell",
    ],
    "email": [
        "It's {}",
        "My email address is {}.",
        "Please send it to {} thank you",
        "You can write me at {}",
        "The account is under {}, I think",
        "Sure, {}",
        "Yes my email is {} and I'd like the receipt there",
    ],
    "national_id": [
        "My social security number is {}",
        "The social is {}, yes",
        "My national insurance number, that's {}",
        "It's {} for the national insurance",
        "For the ID number I have {}.",
    ],
    "iban": [
        "My IBAN is {}",
        "Please transfer it to {}",
        "The account is {}, thank you",
        "{} that's my IBAN",
        "Okay, the IBAN, {}",
    ],
    "birth_date": [
        "My date of birth is {}",
        "I was born on {}.",
        "Date of birth, {}",
        "Birthday is {}, yes",
        "The DOB on file should be {}",
        "He was born {} in Leeds",
    ],
}
FRAMES["card "] = FRAMES["card"]
