"""People, by the addresses that reach them."""

from __future__ import annotations

from jackfield.models.base import Model


class Address(Model):
    """One way to reach someone.

    Attributes:
        scheme: What kind of address it is: ``mailto``, ``tel``, ``slack``, ``graph`` ...
        value: The address itself, e.g. ``ana@acme.com`` or ``+491705550142``.
    """

    scheme: str
    value: str


class Contact(Model):
    """A person or a room as a provider names them; several addresses may be one person.

    Attributes:
        name: The display name as the sender chose it. A stranger's text.
        addresses: Ways to reach them, the one that was used first.
    """

    name: str = ""
    addresses: tuple[Address, ...] = ()

    @classmethod
    def mail(cls, address: str, name: str = "") -> Contact:
        """Make a contact of an e-mail address.

        Args:
            address: Such as ``ana@acme.com``.
            name: The display name.

        Returns:
            The contact.
        """
        return cls(name=name, addresses=(Address(scheme="mailto", value=address),))

    @property
    def address(self) -> str:
        """The first address, or an empty string."""
        return self.addresses[0].value if self.addresses else ""

    def __str__(self) -> str:
        if self.name and self.address:
            return f"{self.name} <{self.address}>"
        return self.name or self.address
