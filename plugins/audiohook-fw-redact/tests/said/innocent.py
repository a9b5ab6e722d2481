"""Sentences with numbers that are nobody's: orders, prices, times, places, dates, amounts."""

from __future__ import annotations

import random
from collections.abc import Callable

from .numbers import DAY_WORDS, DIGIT_WORDS, MONTHS, digits_of, spoken, two


def _order(rng: random.Random) -> str:
    number = digits_of(rng, rng.randint(5, 12))
    said = rng.choice([number, number, spoken(rng, number)])
    frame = rng.choice(
        [
            "My order number is {}.",
            "It's about order {}, which never came",
            "The confirmation number was {}",
            "I'm calling about invoice {}",
            "The ticket is {} I believe",
            "Reference {}, please",
            "The tracking number says {}",
            "My booking, number {}",
            "I've got a case open, it's case {}",
        ]
    )
    return frame.replace("{}", said)


def _price(rng: random.Random) -> str:
    amount = rng.randint(2, 9999)
    said = rng.choice(
        [
            f"${amount}",
            f"${amount}.{rng.randint(10, 99)}",
            f"{amount} dollars",
            f"£{amount:,}",
            f"{two(amount % 90 + 10)} dollars and {two(rng.randint(10, 99))} cents",
            f"{two(amount % 9 + 1)} hundred {two(amount % 89 + 11)} pounds",
            f"{amount:,} euros",
            f"{two(amount % 9 + 1)} thousand {two(amount % 9 + 1)} hundred dollars",
        ]
    )
    return rng.choice(
        [
            f"They charged me {said} last month",
            f"The total was {said}.",
            f"It costs {said}",
            f"I paid {said} for it",
            f"So that's {said} with tax",
            f"You quoted {said}, right?",
        ]
    )


def _time(rng: random.Random) -> str:
    hour, minute = rng.randint(1, 12), rng.choice([0, 15, 30, 45, 10, 20])
    said = rng.choice(
        [
            f"{hour}:{minute:02}",
            f"{hour} {minute:02} pm" if minute else f"{hour} pm",
            f"{two(hour)} {two(minute)}" if minute else f"{two(hour)} o'clock",
            f"{two(hour)} am",
            f"half past {two(hour)}",
        ]
    )
    return rng.choice(
        [
            f"Can you come at {said}?",
            f"The appointment was for {said}",
            f"I waited from {said} until noon",
            f"We close at {said} today",
            f"Somebody called me around {said}",
            f"Let's say tomorrow, {said}",
        ]
    )


def _place(rng: random.Random) -> str:
    number = rng.randint(2, 1999)
    said = rng.choice([str(number), " ".join(DIGIT_WORDS[int(c)] for c in str(number))])
    return rng.choice(
        [
            f"I'm in room {said}",
            f"It's flight {said} to Boston",
            f"We live at {number} Maple Street",
            f"Please take exit {rng.randint(2, 99)} on highway {said}",
            f"The zip code is {digits_of(rng, 5)}",
            f"Gate {rng.randint(2, 60)}, seat {rng.randint(2, 40)} C",
            f"Extension {said} please",
            f"Apartment {said} on the {DAY_WORDS[number % 27 + 1]} floor",
        ]
    )


def _date(rng: random.Random) -> str:
    year, day = rng.randint(2010, 2026), rng.randint(1, 28)
    month = rng.choice(MONTHS)
    said = rng.choice(
        [
            f"{month} {day}",
            f"{month} {DAY_WORDS[day]}",
            f"the {DAY_WORDS[day]} of {month}",
            f"{month} {day}, {year}",
            f"{rng.randint(1, 12)}/{day}/{year}",
            f"{year}",
        ]
    )
    return rng.choice(
        [
            f"I bought it in {year}",
            f"The delivery was on {said}",
            f"My contract runs until {said}.",
            f"I've been with you since {year}",
            f"We moved on {said}, remember?",
            f"It expired on {said}",
        ]
    )


def _amount(rng: random.Random) -> str:
    number = rng.randint(2, 5000)
    said = rng.choice([str(number), f"{number:,}", two(number % 98 + 2)])
    thing = rng.choice(["people", "boxes", "minutes", "miles", "percent", "units", "times", "years", "users"])
    return rng.choice(
        [
            f"We need about {said} {thing}",
            f"That's {said} {thing} now",
            f"It takes {said} {thing} to get there",
            f"I've tried {said} {thing} already",
            f"Only {said} {thing} left?",
        ]
    )


def _device(rng: random.Random) -> str:
    return rng.choice(
        [
            f"The router is a model {digits_of(rng, 4)}",
            f"It shows error code {digits_of(rng, rng.randint(2, 5))}",
            f"Serial number {rng.choice('ABCK')}{digits_of(rng, 8)}",
            f"I have an iPhone {rng.randint(8, 16)}",
            f"The internet is down to {rng.randint(2, 90)} megabits",
            f"Version {rng.randint(2, 19)}.{rng.randint(0, 9)} of the app",
            f"We have channel {rng.randint(2, 900)} but not channel {rng.randint(2, 900)}",
            f"The meter reading is {digits_of(rng, 5)}",
            f"It's the {rng.randint(2, 9)} and {rng.randint(11, 19)} inch ones",
        ]
    )


def _unnamed(rng: random.Random) -> str:
    """Numbers that nobody explains: what fails closed costs most here."""
    number = digits_of(rng, rng.randint(3, 6))
    said = rng.choice([number, " ".join(DIGIT_WORDS[int(c)] for c in number)])
    return rng.choice(
        [
            "It says {} on the letter",
            "The number I was given is {}",
            "They wrote {} on the box, whatever that is",
            "I think {} was the one",
            "I was told to say {} when I call",
            "So you press {} and then it beeps",
            "There's a sticker with {} on it",
            "Look for {}",
            "I set it to {} and nothing happened",
        ]
    ).replace("{}", said)


def _talk(rng: random.Random) -> str:
    return rng.choice(
        [
            "I have two questions for you about the one I got",
            "One moment, one second please",
            "My website is acme dot com",
            "I was at home at the time, for one or two days",
            "Oh, oh okay, that one",
            "We are twenty four seven open",
            "First things first, the second one is broken",
            "Can I speak to someone at the front desk",
            "Look at the picture dot by dot",
            "I went to the store to buy four for two friends",
            "No one told me, not one of the three people",
            "The two of us ate at nine to ten places",
            "It was a fifty fifty chance",
            "He won one game to three",
            "My phone is five years old",
            "My card was declined at two stores",
            "Is my account active at the moment",
            "I ordered five and got six",
            "Press one for sales, two for support",
            "I lost my card about 2 weeks ago",
            "The email came at 10 and again at 11",
            "My birthday is next month and I turn forty",
            "I called your phone line at ten thirty",
        ]
    )


INNOCENT: dict[str, Callable[[random.Random], str]] = {
    "order": _order,
    "price": _price,
    "time": _time,
    "place": _place,
    "date": _date,
    "amount": _amount,
    "device": _device,
    "talk": _talk,
    "unnamed": _unnamed,
}
