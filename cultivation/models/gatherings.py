"""Events 宣传普及: whom the park invites, who comes, how many seats are left."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import MOST_PEOPLE, EventKind, EventState, SeatState


class Gathering(ParkModel):
    """An event with seats. Empty `stages` and `qualifications`: all firms of the park are addressed.

    `taken` is moved by the trigger of its sign-ups alone and never exceeds `seats`.
    """

    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=EventKind.choices)
    state = models.CharField(max_length=16, choices=EventState.choices, default=EventState.DRAFT)
    about = models.CharField(max_length=2000, blank=True)
    place = models.CharField(max_length=200)
    contact = models.CharField(max_length=120)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    sign_up_until = models.DateTimeField()
    seats = models.PositiveSmallIntegerField()
    taken = models.PositiveSmallIntegerField(default=0)
    stages = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    qualifications = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    is_public = models.BooleanField(default=True)
    invited = models.PositiveIntegerField(default=0)
    made_by_name = models.CharField(max_length=80)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("seats"), seats__gte=1), name="event_seats"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), sign_up_until__lte=F("starts_at")), name="event_times"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(published_at__isnull=False), name="event_published"
            ),
        ]
        indexes = [models.Index(fields=["park", "-starts_at"], name="event_calendar")]

    class Tenancy:
        grants = "select, insert"
        updates = (
            "title", "kind", "state", "about", "place", "contact", "starts_at", "ends_at", "sign_up_until", "seats", "stages", "qualifications",
            "is_public", "invited", "published_at",
        )  # fmt: skip
        visible = "state = 'published' AND is_public"

    def __str__(self) -> str:
        return self.title

    @property
    def free(self) -> int:
        return self.seats - self.taken


class SignUp(ParkModel):
    """A firm sends people to an event, or waits for seats. `attended` is None until the desk counts them."""

    gathering = ParkForeignKey(Gathering, related_name="sign_ups")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    state = models.CharField(max_length=16, choices=SeatState.choices)
    people = models.PositiveSmallIntegerField()
    names = models.CharField(max_length=200)
    phone = models.CharField(max_length=40)
    attended = models.PositiveSmallIntegerField(null=True)
    signed_by_name = models.CharField(max_length=80)
    signed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "gathering", "enterprise"],
                condition=~Q(state="given_up"),
                name="event_once_a_firm",
            ),
            models.CheckConstraint(
                condition=Q(people__gte=1, people__lte=MOST_PEOPLE), name="event_people_of_a_firm"
            ),
            models.CheckConstraint(
                condition=Q(attended__isnull=True) | Q(state="booked", attended__lte=F("people")),
                name="event_attended",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("state", "attended")
