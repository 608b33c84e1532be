"""Conflicts of interest: every tie between a person and the firms concerned.

Persons hold jobs, shares and declared ties in firms; firms are linked by shares and partnerships,
and chains of links are followed to their end (`linked`).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal.core import text as texts
from portal.core.errors import BadInput, Finding
from portal.core.validators import phone, same_email

PUBLIC_DOMAINS = frozenset(
    {
        "naver.com", "gmail.com", "daum.net", "hanmail.net", "kakao.com", "nate.com",
        "outlook.com", "outlook.kr", "hotmail.com", "live.com", "msn.com", "yahoo.com",
        "yahoo.co.kr", "icloud.com", "me.com", "korea.com", "empas.com", "hanmir.com", "lycos.co.kr",
        "paran.com", "freechal.com", "dreamwiz.com", "chol.com", "proton.me", "protonmail.com",
        "korea.kr",
    }
)  # fmt: skip
"""Mail services anybody may use, and the shared domain of the civil service."""

_PROVINCES = {
    "서울특별시": "서울", "서울시": "서울", "부산광역시": "부산", "부산시": "부산",
    "대구광역시": "대구", "대구시": "대구", "인천광역시": "인천", "인천시": "인천",
    "광주광역시": "광주", "대전광역시": "대전", "대전시": "대전", "울산광역시": "울산",
    "울산시": "울산", "세종특별자치시": "세종", "세종시": "세종", "경기도": "경기",
    "강원특별자치도": "강원", "강원도": "강원", "충청북도": "충북", "충청남도": "충남",
    "전북특별자치도": "전북", "전라북도": "전북", "전라남도": "전남", "경상북도": "경북",
    "경상남도": "경남", "제주특별자치도": "제주", "제주도": "제주",
}  # fmt: skip
_BRACKETED = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NOT_WORD = re.compile(r"[\W_]+")
_SHORTEST_ADDRESS = 6


@dataclass(frozen=True)
class Person:
    """Somebody who may judge: contacts, and declared ties.

    `email` is the account's address, `emails` the further ones that are proven to be the person's.
    `company_ids` are companies the person belongs to, `business_numbers` those of employers, own firms
    and firms the person holds shares in, `declared` business numbers or names of firms that the person
    declared a tie to.
    """

    name: str = ""
    user_id: int | None = None
    email: str = ""
    emails: frozenset[str] = frozenset()
    phone: str = ""
    business_numbers: frozenset[str] = frozenset()
    address: str = ""
    company_ids: frozenset[int] = frozenset()
    declared: frozenset[str] = frozenset()

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(_email(address) for address in (self.email, *self.emails) if address)


@dataclass(frozen=True)
class Party:
    """A firm that is judged or takes part; `role` is its Korean title (applicant, partner, supplier).

    `linked` are business numbers of firms tied to it by shares or partnership.
    """

    name: str
    role: str
    business_number: str = ""
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    address: str = ""
    company_id: int | None = None
    member_user_ids: frozenset[int] = frozenset()
    linked: frozenset[str] = frozenset()


def ties(person: Person, parties: Sequence[Party], *, who: str) -> list[Finding]:
    """Return every reason why the person may not judge the parties; `who` is their Korean title."""
    return [
        Finding(code, f"{party.role} {party.name}: {reason.format(who=who)}")
        for party in parties
        for code, (reason, tied) in _TIES.items()
        if tied(person, party)
    ]


class Register:
    """Finds the persons who may be tied to a party without comparing each with each.

    `near` returns everybody whom `ties` could find tied, and few others.
    """

    def __init__(self, persons: Mapping[int, Person]) -> None:
        self._by: dict[tuple[str, object], set[int]] = defaultdict(set)
        for key, person in persons.items():
            for trait in _person_traits(person):
                self._by[trait].add(key)

    def near(self, party: Party) -> set[int]:
        """Return the keys of persons who share a company, contact or declared tie with the party."""
        found: set[int] = set()
        for trait in _party_traits(party):
            found |= self._by.get(trait, set())
        return found


def linked(links: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Return, for every firm in `links`, all firms that a chain of links reaches.

    `links` are pairs of business numbers, in either direction.
    """
    groups: dict[str, set[str]] = {}
    for one, other in links:
        joined = groups.get(one, {one}) | groups.get(other, {other})
        groups.update(dict.fromkeys(joined, joined))
    return {firm: frozenset(group - {firm}) for firm, group in groups.items()}


def normalise_address(text: str) -> str:
    """Reduce an address to what its spellings share; "" when too short to compare."""
    words = _BRACKETED.sub(" ", texts.key(text)).replace("대한민국", " ").split()
    if words:
        words[0] = _PROVINCES.get(words[0], words[0])
    bare = _NOT_WORD.sub("", "".join(word.replace("-", "번") for word in words)).lower()
    has_number = any(character.isdigit() for character in bare)
    return bare if len(bare) >= _SHORTEST_ADDRESS and has_number else ""


def _person_traits(person: Person) -> Iterable[tuple[str, object]]:
    yield "person", person.user_id
    yield from (("company", pk) for pk in person.company_ids)
    yield from (("number", number) for number in person.business_numbers)
    yield from (("named", name) for name in map(firm_name, person.declared) if name)
    for address in person.addresses:
        yield "email", address
        if domain := _domain(address):
            yield "domain", domain
            yield from (("below", wider) for wider in _above(domain))
    if number := _digits(person.phone):
        yield "phone", number
    if place := normalise_address(person.address):
        yield "address", place


def _party_traits(party: Party) -> Iterable[tuple[str, object]]:
    yield from (("person", pk) for pk in party.member_user_ids)
    yield "company", party.company_id
    yield from (("number", number) for number in {party.business_number, *party.linked} - {""})
    yield from (("named", firm_name(name)) for name in (party.name, party.business_number))
    for address in party.emails:
        yield "email", _email(address)
        if domain := _domain(address):
            yield "below", domain
            yield from (("domain", wider) for wider in _above(domain))
    yield from (("phone", _digits(number)) for number in party.phones)
    if place := normalise_address(party.address):
        yield "address", place


def _above(domain: str) -> list[str]:
    parts = domain.split(".")
    return [".".join(parts[place:]) for place in range(len(parts) - 1)]


def _digits(number: str) -> str:
    try:
        return phone(number)
    except BadInput:
        return re.sub(r"[^0-9]", "", number)


def _email(address: str) -> str:
    return same_email(address)


def _domain(address: str) -> str:
    domain = _email(address).rpartition("@")[2]
    return "" if domain in PUBLIC_DOMAINS or "." not in domain else domain


def _related(one: str, other: str) -> bool:
    # Equal, or one below the other: mail.firm.co.kr and firm.co.kr.
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def firm_name(name: str) -> str:
    """Reduce the name of a firm to what its spellings share."""
    bare = _BRACKETED.sub("", texts.key(name))
    return _NOT_WORD.sub("", bare.replace("주식회사", "").replace("유한회사", "")).lower()


def _same_domain(person: Person, party: Party) -> bool:
    own = [domain for domain in map(_domain, person.addresses) if domain]
    theirs = [domain for domain in map(_domain, party.emails) if domain]
    return any(_related(one, other) for one in own for other in theirs)


def _same_phone(person: Person, party: Party) -> bool:
    own = _digits(person.phone)
    return bool(own) and own in {_digits(number) for number in party.phones}


def _same_address(person: Person, party: Party) -> bool:
    own = normalise_address(person.address)
    return bool(own) and own == normalise_address(party.address)


def _declared(person: Person, party: Party) -> bool:
    named = {firm_name(tie) for tie in person.declared} - {""}
    number = party.business_number
    return firm_name(party.name) in named or (bool(number) and firm_name(number) in named)


_TIES: dict[str, tuple[str, Callable[[Person, Party], bool]]] = {
    "same_company": (
        "{who}의 소속 기업입니다.",
        lambda person, party: (
            party.company_id is not None and party.company_id in person.company_ids
        ),
    ),
    "member": (
        "{who} 본인이 이 기업의 담당자로 등록되어 있습니다.",
        lambda person, party: (
            person.user_id is not None and person.user_id in party.member_user_ids
        ),
    ),
    "same_business_number": (
        "{who}의 소속 사업자등록번호와 같습니다.",
        lambda person, party: (
            bool(party.business_number) and party.business_number in person.business_numbers
        ),
    ),
    "linked_firm": (
        "{who}의 소속 기업과 지분·협력으로 이어진 기업입니다.",
        lambda person, party: not person.business_numbers.isdisjoint(party.linked),
    ),
    "same_email": (
        "{who}의 전자우편 주소와 같습니다.",
        lambda person, party: (
            not person.addresses.isdisjoint(_email(address) for address in party.emails)
        ),
    ),
    "same_email_domain": ("{who}의 전자우편 도메인과 같습니다.", _same_domain),
    "same_phone": ("{who}의 전화번호와 같습니다.", _same_phone),
    "same_address": ("{who}의 주소와 같습니다.", _same_address),
    "declared_tie": ("{who} 본인이 이해관계를 신고한 기업입니다.", _declared),
}


class Index:
    """Finds the ties of one person among very many parties: the same as `ties`, by look-up."""

    def __init__(self, parties: Sequence[Party]) -> None:
        self.parties = parties
        self._places: dict[tuple[str, object], list[int]] = {}
        for place, party in enumerate(parties):
            for key in set(_party_keys(party)):
                self._places.setdefault(key, []).append(place)

    def ties(self, person: Person, *, who: str) -> list[tuple[int, Finding]]:
        """Return (place of the party, reason) for every tie, in the order of the parties."""
        keys = _person_keys(person)
        places = {place for key in keys for place in self._places.get(key, ())}
        return [
            (place, finding)
            for place in sorted(places)
            for finding in ties(person, [self.parties[place]], who=who)
        ]


def _party_keys(party: Party) -> Iterable[tuple[str, object]]:
    yield "company", party.company_id
    yield "name", firm_name(party.name)
    yield "name", firm_name(party.business_number)
    yield "address", normalise_address(party.address)
    yield from (("user", id) for id in party.member_user_ids)
    yield from (("number", number) for number in (party.business_number, *party.linked))
    yield from (("phone", _digits(number)) for number in party.phones)
    for address in party.emails:
        yield "email", _email(address)
        domain = _domain(address)
        yield "domain", domain
        yield from (("under", parent) for parent in _parents(domain))


def _person_keys(person: Person) -> Iterable[tuple[str, object]]:
    keys: list[tuple[str, object]] = [
        *(("company", id) for id in person.company_ids),
        *(("name", firm_name(name)) for name in person.declared),
        *(("number", number) for number in person.business_numbers),
        ("address", normalise_address(person.address)),
        ("user", person.user_id),
        ("phone", _digits(person.phone)),
    ]
    for address in person.addresses:
        domain = _domain(address)
        keys += [("email", address), ("under", domain), ("domain", domain)]
        keys += [("domain", parent) for parent in _parents(domain)]
    return {key for key in keys if key[1] not in ("", None)}


def _parents(domain: str) -> Iterable[str]:
    """Yield the domains above one: firm.co.kr and co.kr for mail.firm.co.kr."""
    labels = domain.split(".")
    return (".".join(labels[at:]) for at in range(1, len(labels)))
